import type { Checkpoint } from '../../../src/apply/run.ts'
import type { Choice } from './play.ts'
import { shuffled } from './setting.ts'

/** Every point that a run comes by, and every one that its recovery comes by. */
export const everything: Choice = { firsts: places => places, seconds: (_first, places) => places }

/** So many points of each run, and so many of each recovery, mixed by a seed. */
export function sampled(seed: string, count: { readonly firsts: number; readonly seconds: number }): Choice {
  const some = (places: readonly string[], name: string, most: number) =>
    shuffled(places, `${seed} ${name}`, place => place).slice(0, most)
  return {
    firsts: places => some(places, '', count.firsts),
    seconds: (first, places) => some(places, first, count.seconds),
  }
}

/** What nearly every scene comes by. */
const everyday: readonly Checkpoint[] = [
  'before-create',
  'after-create',
  'after-wave-list',
  'before-whoami',
  'after-whoami',
  'before-put',
  'after-put',
  'after-readback',
  'before-mark',
  'after-mark',
]

/** `after-put` of `after-put:2`. */
export function checkpointOf(place: string): string {
  return place.split(':')[0] ?? place
}

/** What only few scenes come by is first, so that a small part of the points has each checkpoint. */
export function rareFirst(places: readonly string[]): readonly string[] {
  const isEveryday = (place: string) => everyday.some(name => name === checkpointOf(place))
  return places.toSorted((a, b) => Number(isEveryday(a)) - Number(isEveryday(b)))
}

/** Does a title lie on the way to another, or beyond it? */
export function isOnWay(title: string, wanted: string): boolean {
  return title.startsWith(wanted) || `${wanted}/`.startsWith(`${title}/`)
}

/** Those of a choice that lead to cases whose title begins like `wanted`. */
export function only(choice: Choice, setting: string, wanted: string): Choice {
  return {
    firsts: places => choice.firsts(places).filter(first => isOnWay(`${setting}/${first}`, wanted)),
    seconds: (first, places) =>
      choice.seconds(first, places).filter(second => isOnWay(`${setting}/${first}/${second}`, wanted)),
  }
}
