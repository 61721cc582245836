import type { Context } from '../../context.ts'
import type { Check } from '../../model/checkup.ts'
import { loadConfiguration } from '../../config/load.ts'
import type { DesiredState } from '../../model/desired.ts'
import { check } from './check.ts'

/** As `engines` in package.json has it. */
const oldest = [20, 19] as const

export function checkProgram({ version }: Context): Check {
  return check('program', 'ok', [`fluxloop-keys ${version}`])
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1])
  if (!isOld) return check('node', 'ok', [`Node ${version}`])
  const needed = oldest.join('.')
  return check('node', 'failed', [`Node ${version} is too old`, `Install Node ${needed} or later.`])
}

/** Needs no network; what is wrong in detail is what `validate` shows. */
export async function checkConfiguration(
  config: readonly string[],
  { cwd, now }: Pick<Context, 'cwd' | 'now'>,
): Promise<{ readonly desired: DesiredState | null; readonly check: Check }> {
  const loaded = await loadConfiguration({ paths: config, cwd, now: now() })
  if (loaded.ok) {
    const { stack, keys } = loaded.desired
    const words = `The stack ${stack} declares ${keys.length} ${keys.length === 1 ? 'key' : 'keys'}`
    return { desired: loaded.desired, check: check('configuration', 'ok', [words]) }
  }
  const count = loaded.diagnostics.length
  const [first] = loaded.diagnostics
  const where = first === undefined ? '' : `: ${first.file}:${first.line}: ${first.message}`
  const message = `The configuration has ${count} ${count === 1 ? 'error' : 'errors'}${where}`
  const hints = [first?.hint ?? [], 'See all of it: fluxloop-keys validate'].flat()
  return { desired: null, check: check('configuration', 'failed', [message, ...hints]) }
}
