import { plural } from '../model/plural.ts'
import { loadConfiguration } from '../config/load.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../model/failure.ts'
import { jsonText } from '../render/text/json.ts'
import { allowedPaths, requireConfiguration } from './configuration.ts'

export interface ValidateOptions {
  readonly config: readonly string[]
  readonly json: boolean
  /** Env files that may have any name. */
  readonly allowPath: readonly string[]
}

export async function runValidate(options: ValidateOptions, context: Context): Promise<number> {
  if (options.json) return await validateToJson(options, context)
  const { keys, stack } = await requireConfiguration(
    options.config,
    context.now(),
    context,
    options.allowPath,
  )
  const { green } = context.stdout.palette
  context.stdout.print(
    `${green('Success!')} The configuration of ${stack} is valid: ${plural(keys.length, 'key')}.`,
  )
  return 0
}

async function validateToJson(
  { config, allowPath }: ValidateOptions,
  { cwd, now, stdout }: Context,
): Promise<number> {
  const loaded = await loadConfiguration({
    paths: config,
    cwd,
    now: now(),
    allowedPaths: allowedPaths(allowPath, cwd),
  })
  const diagnostics = loaded.ok ? loaded.warnings : loaded.diagnostics
  const omitted = loaded.ok ? 0 : loaded.omitted
  stdout.print(jsonText({ valid: loaded.ok, diagnostics, omitted }))
  return loaded.ok ? 0 : exitCodes.configuration
}
