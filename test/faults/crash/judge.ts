import type { Ended } from '../../support/program.ts'
import { filesOf } from './configuration.ts'
import { type Own, ownKeys, said } from './own-keys.ts'
import { planHere } from './plan-here.ts'
import { type Scene, graceOver } from './scenes.ts'
import type { Setting } from './setting.ts'
import type { Stage } from './stage.ts'

/** Every declared store has to hold the head's secret, and no other file any. */
async function storeFaults(
  stage: Stage,
  declared: readonly string[],
  head: Own | undefined,
): Promise<readonly string[]> {
  const secrets = await stage.stored()
  const faults: string[] = []
  for (const name of new Set([...declared, ...secrets.keys()])) {
    const secret = secrets.get(name)
    if (secret === undefined) faults.push(`${name} holds no secret`)
    else if (!declared.includes(name)) faults.push(`${name} holds a secret, and is no store any more`)
    else if ((await stage.platform.holder(secret)) !== head?.live.id)
      faults.push(`${name} holds another secret than that of the head`)
  }
  return faults
}

/** What is wrong where a run said that all is as declared, and this is the next plan. */
export function planFaults(plan: Ended): readonly string[] {
  return plan.code === 0 ? [] : [said('the next plan is not empty', plan)]
}

/** What is wrong after one recovery, and after every grace. */
export async function judge(
  stage: Stage,
  scene: Scene,
  { stores, scene: name }: Setting,
  recovery: Ended,
): Promise<readonly string[]> {
  const faults: string[] = []
  if (recovery.code !== 0) faults.push(said('the recovery fails', recovery))
  faults.push(...planFaults(await planHere(stage)))
  const delivers = scene.finally.includes('delivered')
  const declared = filesOf(stores, scene.declared)
  const keys = await ownKeys(stage, 'ci-pipeline')
  const head = keys.find(({ marker }) => marker.state.kind === 'delivered')
  const generations = keys.flatMap(({ marker }) =>
    marker.state.kind === 'delivered' ? [marker.generation] : [],
  )
  if (new Set(generations).size !== generations.length) faults.push('a generation was delivered twice')
  // A store into which nobody can look may have handed the secret out, so such a key retires like a predecessor.
  const pending = keys.filter(({ marker }) => marker.state.kind === 'pending')
  if (pending.length > 0 && (stores === 'readable' || name === 'refused delivery'))
    faults.push('a key is left half done')
  if (delivers) faults.push(...(await storeFaults(stage, declared, head)))

  if (keys.length > scene.finally.length) {
    stage.platform.now += graceOver
    const later = await stage.run(['apply', '--auto-approve'])
    if (later.code !== 0) faults.push(said('the apply after the grace fails', later))
    faults.push(...planFaults(await planHere(stage)))
    if (delivers) faults.push(...(await storeFaults(stage, declared, head)))
  }
  const states = (await ownKeys(stage, 'ci-pipeline')).map(({ marker }) => marker.state.kind)
  if (states.join() !== scene.finally.join())
    faults.push(`what lives in the end is ${states.join() || 'nothing'}`)
  return faults
}
