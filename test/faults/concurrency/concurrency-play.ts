import { day, minute } from '../../../src/model/duration.ts'
import { watchStores } from '../crash/prober.ts'
import { type Stage, openStage } from '../crash/crash-stage.ts'
import type { Case } from './cases.ts'
import { applyFaults, countFaults, endFaults, planFaults, storeFaults } from './concurrency-judge.ts'
import { type Machine, declareEverywhere, machinesOf, runAtOnce } from './machines.ts'
import { holdMeeting } from './meeting.ts'
import { randomOf } from './concurrency-random.ts'
import { type Scene, keyIds, scenes } from './concurrency-scenes.ts'

export interface Verdict {
  /** Empty: all invariants hold. */
  readonly faults: readonly string[]
  readonly killed: boolean
  /** That many runs waited for the lock, of those that nobody meant to kill: all of these have to end with 0. */
  readonly waited: number
  /** How the runs ended. */
  readonly codes: readonly (number | null)[]
}

/** Longer than a pending key is its maker's alone. */
const makersTime = 16 * minute

/** Longer than grace and quiet together. */
const graceOver = 4 * day

async function playPast(stage: Stage, scene: Scene, machines: readonly Machine[], one: Case): Promise<void> {
  for (const [declared, days] of scene.past) {
    await declareEverywhere(machines, stage, one, declared)
    const faults = machines[0] === undefined ? [] : await applyFaults(machines[0])
    if (faults.length > 0) throw new Error(`The past cannot be played: ${faults.join()}`)
    stage.platform.now += days * day
  }
  await declareEverywhere(machines, stage, one, scene.declared)
}

/** Once all have ended: one apply that nobody disturbs, and another one after the grace. */
async function recover(stage: Stage, machines: readonly Machine[], one: Case): Promise<readonly string[]> {
  const recoverer = one.recovery === 'victim' ? machines[0] : machines.at(-1)
  if (recoverer === undefined) throw new Error('there is no machine')
  if (recoverer !== machines[0]) stage.platform.now += makersTime
  const look = async (planners: readonly Machine[]) => [
    ...(await applyFaults(recoverer)),
    ...(await planFaults(planners)),
    ...(await storeFaults(stage, one)),
  ]
  const faults = await look(machines)
  stage.platform.now += graceOver
  // Of one key id, each run revokes one retiring key.
  const rounds = Math.max(...(await Promise.all(keyIds.map(async keyId => (await stage.own(keyId)).length))))
  for (let left = rounds - 2; left > 0; left -= 1) faults.push(...(await applyFaults(recoverer)))
  const later = await look(machines.slice(0, 1))
  return [...faults, ...later.map(fault => `after the grace: ${fault}`), ...(await countFaults(stage))]
}

export async function play(one: Case): Promise<Verdict> {
  const scene: Scene = scenes[one.scene]
  const random = randomOf(one.seed)
  const stage = await openStage(one.replay, null)
  const endings: (() => unknown)[] = []
  const owner = { teardown: (end: () => unknown) => void endings.push(end), comment: () => undefined }
  try {
    const machines = await machinesOf(stage, one, owner)
    await playPast(stage, scene, machines, one)
    const before = await stage.untouched([stage.adopted])
    const prober = scene.overlap ? watchStores(stage) : null
    const meeting = holdMeeting(stage.platform, one, random)
    const faults: string[] = []
    const runs = await runAtOnce(machines, one, random, meeting, async run => {
      // In place, a run on another machine may have undone it by now: that one says so, and the plan knows it.
      const lasts = scene.overlap || one.where === 'one machine'
      const faultsNow = run.ended.code === 0 && lasts ? await storeFaults(stage, one) : []
      faults.push(...endFaults(run), ...faultsNow.map(fault => `a run ends with 0, and ${fault}`))
    })
    // What a killed run had asked for would set the clock back.
    await stage.platform.settled()
    meeting.end()
    if (runs.every(({ ended }) => ended.code === 0)) faults.push(...(await storeFaults(stage, one)))
    faults.push(...(await recover(stage, machines, one)), ...((await prober?.end()) ?? []))
    if ((await stage.untouched([stage.adopted])) !== before) faults.push('a key of others was touched')
    return {
      faults,
      killed: runs.some(({ ended }) => ended.signal === 'SIGKILL'),
      waited: runs.filter(({ waits, isVictim }) => waits && !isVictim).length,
      codes: runs.map(({ ended }) => ended.code),
    }
  } finally {
    for (const end of endings.reverse()) await end()
    await stage.end()
  }
}
