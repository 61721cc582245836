import { createHash } from 'node:crypto'
import { type Replay, replays } from '../../support/replay.ts'
import { type Scene, type SceneName, type StoreSet, scenes, storeSets } from './crash-scenes.ts'

/** What the kills of the matrix happen in. */
export interface Setting {
  readonly scene: SceneName
  readonly stores: StoreSet
  readonly replay: Replay
}

/** `after-put` of `after-put:2`. */
export function crashPointOf(place: string): string {
  return place.split(':')[0] ?? place
}

/** Where a run is killed, and perhaps its recovery as well: `after-put:2` is the second time that a run comes by it. Null: nowhere. */
export interface Kills {
  readonly first: string | null
  readonly second: string | null
}

/** The first of a title where the run is not killed. */
const unharmed = 'not killed'

export function settingTitle({ scene, stores, replay }: Setting): string {
  return [scene, stores, replay].join('/')
}

export function titleOf(setting: Setting, { first, second }: Kills): string {
  return [settingTitle(setting), first ?? unharmed, ...(second === null ? [] : [second])].join('/')
}

export function allSettings(): readonly Setting[] {
  return (Object.entries(scenes) as [SceneName, Scene][]).flatMap(([scene, { stores = storeSets }]) =>
    stores.flatMap(set => replays.map(replay => ({ scene, stores: set, replay }))),
  )
}

/** Throws where no setting of the matrix is called like that. */
export function caseOf(title: string): { readonly setting: Setting; readonly kills: Kills } {
  const [scene, stores, replay, first = unharmed, second = null] = title.split('/')
  const setting = allSettings().find(one => settingTitle(one) === [scene, stores, replay].join('/'))
  if (setting === undefined) throw new Error(`No setting is called like ${title}.`)
  return { setting, kills: { first: first === unharmed ? null : first, second } }
}

/** Mixed by a seed; the same seed gives the same order. */
export function shuffled<T>(all: readonly T[], seed: string, nameOf: (one: T) => string): readonly T[] {
  const rank = (one: T) =>
    createHash('sha256')
      .update(`${seed} ${nameOf(one)}`)
      .digest('hex')
  const ranked = all.map(one => ({ one, rank: rank(one) }))
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1))
  return ranked.map(({ one }) => one)
}
