import type { Ended } from '../../support/program.ts'
import {
  type Marked,
  headFaults,
  isDelivered,
  isUnfinished,
  planFaults,
  said,
  statesOf,
  storeFaults,
} from '../../support/invariants.ts'
import { filesOf, keyIdsOf } from './crash-configuration.ts'
import { type Scene, type StoreSet, graceOver } from './crash-scenes.ts'
import type { Setting } from './setting.ts'
import type { Stage } from './crash-stage.ts'

/** Nothing is an orphan, what is declared stands in its stores, and where it is delivered in no other file. */
async function standingFaults(
  stage: Stage,
  { declared, finally: states }: Scene,
  stores: StoreSet,
  head: Marked | undefined,
): Promise<readonly string[]> {
  const faults = [...(await stage.orphans(keyIdsOf(declared)))]
  const stored = await stage.stored()
  if (keyIdsOf(declared).includes('steady')) {
    const [steady, ...more] = await stage.own('steady')
    if (steady === undefined || !isDelivered(steady) || more.length > 0)
      faults.push('the steady key is another')
    faults.push(...(await storeFaults(['steady.env'], stored, steady, stage.platform.holder)))
  }
  if (!states.includes('delivered')) return faults
  const files = filesOf(stores, declared)
  const surplus = [...stored.keys()].filter(name => !files.includes(name))
  faults.push(...surplus.map(name => `${name} holds a secret, and is not a store any more`))
  return [...faults, ...(await storeFaults(files, stored, head, stage.platform.holder))]
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
  faults.push(...planFaults(await stage.plan()))
  const keys = await stage.own('ci-pipeline')
  const head = keys.find(isDelivered)
  faults.push(...headFaults(keys, former))
  // A store into which nobody can look may have handed the secret out, so such a key retires like a predecessor.
  const unfinished = keys.filter(isUnfinished)
  if (unfinished.length > 0 && (stores === 'readable' || name === 'refused delivery'))
    faults.push('a key is left half done')
  // That is why stores that can be read come first.
  if (stores !== 'write-only' && unfinished.some(({ live }) => handedOut.has(live.id)))
    faults.push('a key that a store handed out is left half done')
  faults.push(...(await standingFaults(stage, scene, stores, head)))

  if (keys.length > scene.finally.length) {
    stage.platform.now += graceOver
    // Of one key id, each run revokes one retiring key.
    for (let surplus = keys.length - scene.finally.length; surplus > 0; surplus -= 1) {
      const later = await stage.run(['apply', '--auto-approve'])
      if (later.code !== 0) faults.push(said('the apply after the grace fails', later))
    }
    faults.push(...planFaults(await stage.plan()))
    faults.push(...(await standingFaults(stage, scene, stores, head)))
  }
  const states = statesOf(await stage.own('ci-pipeline'))
  if (states !== (scene.finally.join() || 'nothing')) faults.push(`what lives in the end is ${states}`)
  return faults
}
