import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'
import { closest } from '../../model/suggest.ts'
import { completionScripts } from '../../render/text/completion-scripts.ts'

/** Prints the script of a shell. */
export function runCompletion(options: { readonly shell: string }, context: Context): number {
  const script = Object.entries(completionScripts).find(([shell]) => shell === options.shell)?.[1]
  if (script === undefined) {
    const shells = Object.keys(completionScripts)
    const near = closest(options.shell, shells)
    throw new Failure('usage', `There is no completion for the shell ${options.shell}`, {
      hints: [near === null ? `The shells: ${shells.join(', ')}` : `Did you mean ${near}?`],
    })
  }
  context.stdout.print(script)
  return 0
}
