import { createHash } from 'node:crypto'
import type { Checkpoint } from '../../../src/apply/run.ts'
import {
  type Replay,
  type SceneName,
  type StoreSet,
  recoveryPoints,
  replays,
  scenes,
  storeSets,
} from './scenes.ts'

export interface Case {
  readonly scene: SceneName
  readonly stores: StoreSet
  readonly replay: Replay
  /** `after-put:2`: the second time. */
  readonly first: string
  /** Where the recovery is killed as well; null: nowhere. */
  readonly second: string | null
}

export function titleOf({ scene, stores, replay, first, second }: Case): string {
  return [scene, stores, replay, first, ...(second === null ? [] : [second])].join('/')
}

const perStore = new Set<Checkpoint>(['before-put', 'after-put'])

function places(points: readonly Checkpoint[], stores: StoreSet): readonly string[] {
  return points.flatMap(point =>
    stores === 'both' && perStore.has(point) ? [`${point}:1`, `${point}:2`] : [`${point}:1`],
  )
}

/** Does a scene come by this point with these stores? Only what can be read is read back. */
function isReached(place: string, scene: SceneName, stores: StoreSet): boolean {
  if (scene === 'refused delivery') return stores === 'both' && !place.endsWith(':2')
  if (scene === 'adoption') return stores === 'readable'
  if (scene === 'one more store')
    return stores === 'both'
      ? !place.startsWith('before-put:2') && !place.startsWith('after-put:2')
      : stores === 'readable'
  return place !== 'after-readback:1' || stores !== 'write-only'
}

/** All of the matrix, in an order that depends on nothing but the cases. */
export function allCases(): readonly Case[] {
  const cases: Case[] = []
  for (const scene of Object.keys(scenes) as SceneName[])
    for (const stores of storeSets)
      for (const replay of replays)
        for (const first of places(scenes[scene].killAt, stores).filter(each =>
          isReached(each, scene, stores),
        ))
          for (const second of [null, ...places(recoveryPoints, stores)])
            cases.push({ scene, stores, replay, first, second })
  return cases
}

/** So many of the cases, mixed by a seed; the same seed gives the same ones. */
export function seeded(cases: readonly Case[], seed: string, count: number): readonly Case[] {
  const rank = (one: Case) =>
    createHash('sha256')
      .update(`${seed} ${titleOf(one)}`)
      .digest('hex')
  const ranked = cases.map(one => ({ one, rank: rank(one) }))
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1))
  return ranked.slice(0, count).map(({ one }) => one)
}
