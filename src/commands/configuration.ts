import { absolutePath } from '../config/fill-in.ts'
import { loadConfiguration } from '../config/load.ts'
import type { Context } from '../context.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { diagnosticStyle, renderDiagnostics } from '../render/text/diagnostics.ts'

/** What `--allow-path` names. */
export function allowedPaths(given: readonly string[], cwd: string): readonly string[] {
  return given.map(path => absolutePath(path, cwd))
}

/** More of them scroll away what they are about. */
const mostShown = 100

/** Loads the configuration, or shows all that is wrong with it and throws. Warnings are shown on standard error. `now` as in `loadConfiguration`. */
export async function requireConfiguration(
  paths: readonly string[],
  now: Instant | null,
  context: Context,
  allowPath: readonly string[] = [],
): Promise<DesiredState> {
  const { stderr, cwd } = context
  const loaded = await loadConfiguration({
    paths,
    cwd,
    now,
    allowedPaths: allowedPaths(allowPath, cwd),
  })
  if (!loaded.ok) {
    const { diagnostics, omitted } = loaded
    const shown = diagnostics.slice(0, mostShown)
    const count = diagnostics.length + omitted
    stderr.print(renderDiagnostics(shown, diagnosticStyle(stderr)))
    if (count > shown.length)
      stderr.print(
        `\n… and ${omitted > 0 ? 'up to ' : ''}${(count - shown.length).toLocaleString('en')} more errors`,
      )
    throw new Failure(
      'configuration',
      count === 1
        ? 'The configuration has an error'
        : `The configuration has ${omitted > 0 ? 'more than ' : ''}${diagnostics.length.toLocaleString('en')} errors`,
    )
  }
  if (loaded.warnings.length > 0)
    stderr.print(renderDiagnostics(loaded.warnings.slice(0, mostShown), diagnosticStyle(stderr)))
  return loaded.desired
}
