import type { CrashPoint } from '../../../src/apply/crash-points.ts'
import { type Replay, replays } from '../../support/replay.ts'
import { type StoreSet, storeSets } from '../crash/crash-scenes.ts'
import { type Random, randomOf } from './concurrency-random.ts'
import { type SceneName, scenes } from './concurrency-scenes.ts'

/** Runs of the program at once on one stack, one of which may be killed. */
export interface Case {
  readonly seed: number
  readonly where: 'one machine' | 'several machines'
  readonly scene: SceneName
  readonly stores: StoreSet
  readonly replay: Replay
  /** Do the platform's times tell which of two keys was made first, or are they whole seconds that many share? */
  readonly clock: 'fine' | 'coarse'
  readonly runs: number
  /** Do they all plan from the same list, or do they begin one after the other? */
  readonly together: boolean
  /** Where the first of them is killed: `after-put:2`, the second time; null: nowhere. */
  readonly killAt: string | null
  /** Who recovers afterwards, and is alone: the machine whose run was killed, or another. */
  readonly recovery: 'victim' | 'another'
}

function killPoint(scene: SceneName, random: Random): string {
  const point: CrashPoint = random.pick(scenes[scene].killAt)
  return `${point}:${random.below(4) === 0 ? 2 : 1}`
}

/** Seeds that follow each other go through these. */
const sceneOrder: readonly SceneName[] = [
  'create',
  'overlap rotation',
  'in-place rotation',
  'update',
  'create',
  'overlap rotation',
  'in-place rotation',
  'retirement',
]

/** The case of a seed: mostly on several machines, and mostly with one run killed. */
export function caseOf(seed: number): Case {
  const random = randomOf(seed)
  const scene = sceneOrder[seed % sceneOrder.length] ?? 'create'
  return {
    seed,
    where: random.below(4) === 0 ? 'one machine' : 'several machines',
    scene,
    stores: random.pick(storeSets),
    replay: random.pick(replays),
    clock: random.pick(['fine', 'coarse']),
    runs: 2 + random.below(7),
    together: random.below(3) > 0,
    killAt: random.below(8) > 0 ? killPoint(scene, random) : null,
    recovery: random.pick(['victim', 'another']),
  }
}

export function titleOf(one: Case): string {
  const { seed, where, scene, stores, replay, clock, runs, together, killAt, recovery } = one
  return [
    `seed ${seed}: ${runs} runs on ${where}`,
    scene,
    `stores ${stores}`,
    `replay ${replay}`,
    `${clock} times`,
    together ? 'all at once' : 'one after the other',
    killAt === null ? 'nobody killed' : `killed ${killAt}, recovered by ${recovery}`,
  ].join(', ')
}
