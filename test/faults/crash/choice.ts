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
