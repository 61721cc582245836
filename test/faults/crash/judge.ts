import type { Ended } from '../../support/program.ts'
import { filesOf, keyIdsOf } from './configuration.ts'
import { type Own, orphanFaults, ownKeys, said } from './own-keys.ts'
import { planHere } from './plan-here.ts'
import { type Scene, type StoreSet, graceOver } from './scenes.ts'
import type { Setting } from './setting.ts'
import type { Stage } from './stage.ts'

/** These stores have to hold the head's secret. */
async function storeFaults(
  stage: Stage,
  declared: readonly string[],
  head: Own | undefined,
): Promise<readonly string[]> {
  const secrets = await stage.stored()
  const faults: string[] = []
  for (const name of declared) {
    const secret = secrets.get(name)
    if (secret === undefined) faults.push(`${name} holds no secret`)
    else if ((await stage.platform.holder(secret)) !== head?.live.id)
      faults.push(`${name} holds another secret than that of the head`)
  }
  return faults
}

/** Nothing is an orphan, what is declared stands in its stores, and where it is delivered in no other file. */
async function standingFaults(
  stage: Stage,
  { declared, finally: states }: Scene,
  stores: StoreSet,
  head: Own | undefined,
): Promise<readonly string[]> {
  const faults = [...(await orphanFaults(stage, keyIdsOf(declared)))]
  if (keyIdsOf(declared).includes('steady')) {
    const [steady, ...more] = await ownKeys(stage, 'steady')
    if (steady?.marker.state.kind !== 'delivered' || more.length > 0) faults.push('the steady key is another')
    faults.push(...(await storeFaults(stage, ['steady.env'], steady)))
  }
  if (!states.includes('delivered')) return faults
  const files = filesOf(stores, declared)
  const surplus = [...(await stage.stored()).keys()].filter(name => !files.includes(name))
  faults.push(...surplus.map(name => `${name} holds a secret, and is no store any more`))
  return [...faults, ...(await storeFaults(stage, files, head))]
}

/** What is wrong where a run said that all is as declared, and this is the next plan. */
export function planFaults(plan: Ended): readonly string[] {
  return plan.code === 0 ? [] : [said('the next plan is not empty', plan)]
}

interface Recovery {
  readonly recovery: Ended
  /** The ids of the keys that lived before the first run. */
  readonly former: ReadonlySet<string>
  /** Those of the keys whose secrets stores held before the recovery. */
  readonly handedOut: ReadonlySet<string>
}

/** What is wrong after one recovery, and after every grace. */
export async function judge(
  stage: Stage,
  scene: Scene,
  { stores, scene: name }: Setting,
  { recovery, former, handedOut }: Recovery,
): Promise<readonly string[]> {
  const faults: string[] = []
  if (recovery.code !== 0) faults.push(said('the recovery fails', recovery))
  faults.push(...planFaults(await planHere(stage)))
  const keys = await ownKeys(stage, 'ci-pipeline')
  const delivered = keys.filter(({ marker }) => marker.state.kind === 'delivered')
  const [head] = delivered
  if (new Set(delivered.map(({ marker }) => marker.generation)).size !== delivered.length)
    faults.push('a generation was delivered twice')
  if (delivered.filter(({ live }) => !former.has(live.id)).length > 1)
    faults.push('more than one new generation was delivered')
  // A store into which nobody can look may have handed the secret out, so such a key retires like a predecessor.
  const pending = keys.filter(({ marker }) => marker.state.kind === 'pending')
  if (pending.length > 0 && (stores === 'readable' || name === 'refused delivery'))
    faults.push('a key is left half done')
  // That is why stores that can be read come first.
  if (stores !== 'write-only' && pending.some(({ live }) => handedOut.has(live.id)))
    faults.push('a key that a store handed out is left half done')
  faults.push(...(await standingFaults(stage, scene, stores, head)))

  if (keys.length > scene.finally.length) {
    stage.platform.now += graceOver
    const later = await stage.run(['apply', '--auto-approve'])
    if (later.code !== 0) faults.push(said('the apply after the grace fails', later))
    faults.push(...planFaults(await planHere(stage)))
    faults.push(...(await standingFaults(stage, scene, stores, head)))
  }
  const states = (await ownKeys(stage, 'ci-pipeline')).map(({ marker }) => marker.state.kind)
  if (states.join() !== scene.finally.join())
    faults.push(`what lives in the end is ${states.join() || 'nothing'}`)
  return faults
}
