import { execFile } from 'node:child_process'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { type Ended, type Workplace, asUsersDo, ended, workplace } from '../../support/program.ts'
import { recordedSecrets } from '../../support/recorded-secrets.ts'
import { type ServedPlatform, servedPlatform } from '../../support/served-platform.ts'

export const execute = promisify(execFile)

/** One key with three stores of which the second is at fault, one key that has nothing to do with it, and the built program. */
export interface StoreScene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  /** The folder of the store that is at fault. */
  readonly folder: string
  /** Every secret that the platform made. */
  readonly issued: readonly string[]
  /** Goes over the environment of every run. */
  readonly env: Record<string, string>
  /** `store`: the one that is at fault, as YAML in one line. */
  readonly declare: (store: string) => Promise<void>
  readonly apply: () => Promise<Ended>
  readonly plan: () => Promise<Ended>
  /** Happens once, when the first key of that name is about to be made: after the probes, before any put. */
  readonly whenMade: (name: string, act: () => Promise<unknown>) => void
}

/** `as`: another user, by number, who runs the program and owns what it works on. */
export async function storeScene(t: Test, as: number | null = null): Promise<StoreScene> {
  const place = await workplace(t)
  const { issued, makeSecret } = recordedSecrets()
  const platform = await servedPlatform(t, { makeSecret })
  const folder = join(place.work, 'store')
  await mkdir(folder, { mode: 0o700 })
  await execute('age-keygen', ['-o', join(place.work, 'identity.txt')])
  const env: Record<string, string> = {}
  let program: readonly string[] | null = null
  if (as !== null) {
    // Where the clone lies, another user may have no business.
    await cp(new URL('../../../dist', import.meta.url), join(place.root, 'dist'), { recursive: true })
    await execute('chown', ['-R', `${as}:${as}`, place.root])
    const user = ['--reuid', String(as), '--regid', String(as), '--clear-groups']
    program = ['setpriv', ...user, ...asUsersDo.slice(0, -1), join(place.root, 'dist/start.cjs')]
  }
  const run = (...args: readonly string[]): Promise<Ended> => {
    const whole = { ...place.env, ...platform.env, ...env }
    return program === null
      ? place.run(args, { env: whole })
      : ended(program[0] ?? '', [...program.slice(1), ...args], { cwd: place.work, env: whole })
  }
  return {
    place,
    platform,
    folder,
    issued,
    env,
    declare: store =>
      writeFile(
        join(place.work, 'fluxloop-keys.yaml'),
        `version: 1
stack: faults
defaults: { expires: 90d, rotate: { maxAge: never } }
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios]
    store:
      - env-file: { path: first.env, name: FLUXLOOP_API_KEY }
      - ${store}
      - age-file: { path: third.age, identity: identity.txt }
  other:
    name: Other
    scope: all
    permissions: [read_results]
    store: { env-file: { path: other.env, name: FLUXLOOP_API_KEY } }
`,
      ),
    apply: () => run('apply', '--auto-approve', '--verbose'),
    plan: () => run('plan', '--detailed-exitcode'),
    whenMade: (name, act) => {
      platform.before = async request => {
        if (request.method !== 'POST' || !(await request.clone().text()).includes(`"name":"${name}"`))
          return null
        platform.before = async () => null
        await act()
        return null
      }
    },
  }
}

/** The secret in an env file; null where there is none. */
export async function inEnvFile({ place }: StoreScene, path: string): Promise<string | null> {
  const text = await place.read(path).catch(() => '')
  return /^FLUXLOOP_API_KEY=(flux_\w+)$/m.exec(text)?.[1] ?? null
}

/** The secret in an age file, as the age program reads it; null where there is none. */
export async function inAgeFile({ place }: StoreScene, path: string): Promise<string | null> {
  const line = ['-d', '-i', join(place.work, 'identity.txt'), join(place.work, path)]
  return await execute('age', line).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  )
}
