import { join } from 'node:path'
import type { Test } from 'tap'
import type { CrashPoint } from '../../src/apply/crash-points.ts'
import { day } from '../../src/model/duration.ts'
import { isUnfinished, keysOf, planFaults, storeFaults } from './invariants.ts'
import { type Workplace, workplace } from './program.ts'
import { type ServedPlatform, servedPlatform } from './served-platform.ts'
import { whole } from './whole.ts'

/** One declared key, its platform, and the stores that its secret goes to. */
export interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  /** What each store of the key holds, as other programs read it. */
  readonly stored: () => Promise<readonly string[]>
}

export type Variant = (t: Test) => Promise<Scene>

const head = `
version: 1
stack: kill-test
keys:
  ci-pipeline:
    name: CI pipeline
    environment: ci
    scope: all
    expires: 90d
`

/** `stores`: a YAML list. `env`: what a run needs to reach them. */
export async function scene(
  t: Test,
  stores: string,
  env: Record<string, string>,
): Promise<Omit<Scene, 'stored'>> {
  const place = await workplace(t)
  const platform = await servedPlatform(t, { database: join(place.root, 'platform.db') })
  const here: Workplace = {
    ...place,
    run: (args, options) =>
      place.run(args, { ...options, env: { ...platform.env, ...env, ...options?.env } }),
  }
  await place.write(
    'fluxloop-keys.yaml',
    `${head}    rotate: { maxAge: 60d, grace: 48h, quiet: 24h }
    permissions: [read_scenarios]
    store:
${stores}`,
  )
  return { place: here, platform }
}

async function apply({ place }: Scene, env: Record<string, string> = {}) {
  return await place.run(['apply', '--auto-approve'], { env })
}

interface Scenario {
  /** Brings the world to where the run begins that is killed. */
  readonly before: (scene: Scene) => Promise<void>
  readonly killAt: readonly CrashPoint[]
  /** How many keys are alive once all is healed. */
  readonly alive: number
}

const making = [
  'before-create',
  'after-create',
  'after-list',
  'after-whoami',
  'before-put',
  'after-put',
  'before-patch',
  'after-patch',
] as const satisfies readonly CrashPoint[]

async function applied(scene: Scene, days: number): Promise<void> {
  const { code, stdout, stderr } = await apply(scene)
  if (code !== 0) throw new Error(`The past cannot be played: ${stdout}${stderr}`)
  scene.platform.now += days * day
}

export const scenarios = {
  create: { before: async () => undefined, killAt: making, alive: 1 },
  'overlap rotation': { before: (scene: Scene) => applied(scene, 61), killAt: making, alive: 2 },
} as const satisfies Readonly<Record<string, Scenario>>

async function killAndHeal(t: Test, at: string, { before, alive }: Scenario, scene: Scene): Promise<void> {
  const { place, platform, stored } = scene
  await before(scene)
  const had = (await stored()).map(secret => secret !== '')
  t.equal((await apply(scene, { FLUXLOOP_KEYS_CRASH_AT: at })).signal, 'SIGKILL', 'the program is killed')

  const holders = await Promise.all((await stored()).map(secret => platform.holder(secret)))
  t.ok(
    had.every((held, index) => !held || holders[index] !== null),
    'whoever reads a store that had a secret still has a working key',
  )

  if (at === 'after-create:1') {
    const left = await place.run(['plan', '--detailed-exitcode'])
    t.match(left, { code: 2, stdout: /made by an interrupted run/ }, 'the next plan says what is left')
  }
  const healing = await apply(scene)
  t.equal(healing.code, 0, `the next apply succeeds: ${healing.stdout}${healing.stderr}`)
  const own = keysOf(await platform.managed(), 'ci-pipeline')
  t.equal(own.length, alive, 'there is no duplicate')
  t.strictSame(
    own.map(key => (isUnfinished(key) ? 'unfinished' : key.marker.state.kind)),
    own.map((_, index) => (index === 0 ? 'delivered' : 'retiring')),
    'nothing is half done: the head is delivered, and what it replaced retires',
  )
  for (const holder of holders) {
    if (holder !== null)
      t.ok(
        own.some(({ live: { id } }) => id === holder),
        'what a store held after the kill lives on',
      )
  }
  const held = new Map((await stored()).map((secret, index) => [`store ${index + 1}`, secret]))
  t.strictSame(await storeFaults([...held.keys()], held, own[0], platform.holder), [])
  t.strictSame(planFaults(await place.run(['plan', '--detailed-exitcode'])), [])
}

/** Made and in no store, in a store and not marked, and all done. */
const usual: readonly CrashPoint[] = ['after-create', 'after-put', 'after-patch']

/** A test for every crash point of the scenarios, in short for the usual ones, and for every store where one is about stores. */
export function everyKill(
  t: Test,
  names: readonly (keyof typeof scenarios)[],
  variant: Variant,
  countOfStores: number,
): void {
  for (const name of names) {
    const scenario = scenarios[name]
    for (const point of scenario.killAt.filter(each => whole || usual.includes(each))) {
      const counts = point.endsWith('-put') ? countOfStores : 1
      for (let count = 1; count <= counts; count += 1) {
        const at = `${point}:${count}`
        t.test(`${name}, killed ${at}`, async t => killAndHeal(t, at, scenario, await variant(t)))
      }
    }
  }
}
