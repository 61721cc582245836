import { absolutePath } from '../config/fill-in.ts'
import { loadConfiguration } from '../config/load.ts'
import type { Context } from '../context.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { renderDiagnostics } from '../render/diagnostics.ts'

/** What `--allow-path` names. */
export function allowedPaths(given: readonly string[], cwd: string): readonly string[] {
  return given.map(path => absolutePath(path, cwd))
}

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
    stderr.print(renderDiagnostics(loaded.diagnostics, stderr.palette))
    const count = loaded.diagnostics.length
    throw new Failure(
      'configuration',
      count === 1 ? 'The configuration has an error' : `The configuration has ${count} errors`,
    )
  }
  if (loaded.warnings.length > 0) stderr.print(renderDiagnostics(loaded.warnings, stderr.palette))
  return loaded.desired
}
