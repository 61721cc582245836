import { day } from '../../../src/model/duration.ts'
import type { Ended } from '../../support/program.ts'
import type { Case } from './cases.ts'
import { judge } from './judge.ts'
import { watchStores } from './prober.ts'
import { type Scene, configuration, scenes } from './scenes.ts'
import { type Stage, openStage, refuse } from './stage.ts'

/** What came of a case. */
export interface Verdict {
  /** Empty: all invariants hold. */
  readonly faults: readonly string[]
  /** Did the runs come by the points at which they were to be killed? */
  readonly killed: { readonly first: boolean; readonly second: boolean }
}

const apply = ['apply', '--auto-approve']

async function playPast(stage: Stage, scene: Scene, { stores }: Case): Promise<void> {
  for (const [declared, days] of scene.past) {
    await stage.place.write(
      'fluxloop-keys.yaml',
      configuration(stage.place.work, stores, declared, stage.adopted),
    )
    const { code, stdout, stderr } = await stage.run(apply)
    if (code !== 0) throw new Error(`The past cannot be played: ${stdout}${stderr}`)
    stage.platform.now += days * day
  }
  await stage.place.write(
    'fluxloop-keys.yaml',
    configuration(stage.place.work, stores, scene.declared, stage.adopted),
  )
}

function wasKilled({ signal }: Ended): boolean {
  return signal === 'SIGKILL'
}

/** A run that is killed before it wrote down that a secret leaked leaves nobody who knows. */
function isMarkedLeaked({ scene, first }: Case): boolean {
  return scene === 'leaked key' && !first.startsWith('before-leak')
}

/** Plays one case: the past, the run that is killed, perhaps a recovery that is killed too, and one recovery that is not. */
export async function play(one: Case, program: string | null = null): Promise<Verdict> {
  const scene: Scene = scenes[one.scene]
  const stage = await openStage(one.replay, program)
  try {
    await playPast(stage, scene, one)
    const before = await stage.untouched()
    const leaked = isMarkedLeaked(one) ? [...(await stage.stored()).values()] : []
    const prober = scene.overlap ? watchStores(stage, one.scene === 'removal of a store') : null
    if (one.scene === 'refused delivery') await refuse(stage.place, true)
    const first = wasKilled(await stage.run(scene.args, one.first))
    await refuse(stage.place, false)
    const second = one.second !== null && wasKilled(await stage.run(apply, one.second))
    const recovery = await stage.run(apply)
    const outages = (await prober?.end()) ?? []
    const faults = [...outages, ...(await judge(stage, scene, one, recovery))]
    if ((await stage.untouched()) !== before) faults.push('a key of others was touched')
    for (const secret of leaked)
      if ((await stage.platform.holder(secret)) !== null) faults.push('the leaked secret still works')
    if (!first) faults.push(`the first run does not come by ${one.first}`)
    return { faults, killed: { first, second } }
  } finally {
    await stage.end()
  }
}
