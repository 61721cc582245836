import { type Milliseconds, second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'
import { type StoreSpec, storeLabel } from '../model/store.ts'
import { printedSecret } from './exec-store.ts'
import { presetOf } from '../model/presets/presets.ts'
import { programFailure } from './program-failure.ts'
import { type ProgramEnd, runProgram } from './run-program.ts'
import type { Fence, SecretStore } from './secret-store.ts'

type PresetSpec = Extract<StoreSpec, { kind: 'preset' }>

/** These tools call services over the network. */
const timeout: Milliseconds = 60 * second

/** An official command-line tool as a store; what it runs stands in `src/model/presets`. */
export function presetStore(spec: PresetSpec, env: NodeJS.ProcessEnv): SecretStore {
  const preset = presetOf(spec.preset)
  const { program, install, absent } = preset
  const { settings } = spec
  const run = (args: readonly string[], input?: string, fence?: Fence) =>
    runProgram({
      line: [program, ...args],
      env,
      timeout,
      install,
      fence,
      ...(input === undefined ? {} : { input }),
    })
  const isAbsent = ({ code, stderr, stdout }: ProgramEnd) => code !== 0 && absent.test(`${stderr}\n${stdout}`)

  /** Does its answer mean that there is no such secret? Rejects where that cannot be told from a place that it may not see. */
  async function isMissing(end: ProgramEnd): Promise<boolean> {
    if (!isAbsent(end)) return false
    if (preset.list === undefined) return true
    const listed = await run(preset.list(settings))
    if (listed.code === 0) return true
    const doing = 'list what is at the place of the secret'
    const { code, message, hints } = programFailure(program, doing, listed, 'secret')
    throw new Failure(code, message, {
      hints: [
        ...hints,
        `Before, it found no secret at ${storeLabel(spec)}; but it answers the same of what it may not see, so the store does not count as empty.`,
        'Look at its login, and at the settings of the store.',
      ],
    })
  }

  async function versionNow(): Promise<string> {
    if (preset.version === undefined) return ''
    const { arguments: args, read, absent: none } = preset.version
    const end = await run(args(settings))
    if (isAbsent(end)) return none
    if (end.code !== 0) throw programFailure(program, 'tell the version of the secret', end)
    try {
      return read(end.stdout)
    } catch {
      throw new Failure('failed', `${program} told the version of the secret in an unknown way`)
    }
  }

  async function put(secret: Secret, fence?: Fence): Promise<string> {
    const version = await versionNow()
    const input = preset.input?.(secret.reveal(), settings) ?? secret.reveal()
    for (const [index, args] of preset.put.entries()) {
      const end = await run(args(settings, version), input, fence)
      if (end.code === 0) break
      const isLast = index === preset.put.length - 1
      if (isLast || !isAbsent(end))
        throw programFailure(program, 'take the secret', end, 'words', preset.remedies?.(settings))
    }
    return storeLabel(spec)
  }

  const probing = preset.probe ?? preset.get ?? (() => [])

  return {
    backend: `preset ${spec.preset} ${probing(settings).join(' ')}`,
    readable: preset.get !== null,
    async probe() {
      try {
        const end = await run(probing(settings))
        if (end.code === 0 || (preset.probe === null && (await isMissing(end)))) return
        throw programFailure(program, 'look at the place of the secret', end, 'secret')
      } catch (error) {
        if (!(error instanceof Failure) || error.hints.includes(install)) throw error
        const { code, message, hints } = error
        throw new Failure(code, message, { hints: [install, ...hints] })
      }
    },
    put,
    async get() {
      if (preset.get === null) throw new TypeError('a preset without `get` is not readable')
      const end = await run(preset.get(settings))
      if (await isMissing(end)) return null
      if (end.code !== 0) throw programFailure(program, 'give the secret', end, 'secret')
      return printedSecret(preset.output?.(end.stdout) ?? end.stdout)
    },
    async remove(fence) {
      const end = await run(preset.remove(settings), preset.removeInput?.(settings), fence)
      if (end.code === 0 || (await isMissing(end))) return
      throw programFailure(program, 'remove the secret', end, 'words', preset.remedies?.(settings))
    },
  }
}
