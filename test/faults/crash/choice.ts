import type { Settled } from '../../campaigns/campaign.ts'
import type { Choice } from './crash-play.ts'
import { type Setting, shuffled, titleOf } from './setting.ts'

/** Every point that a run comes by, and every one that its recovery comes by. */
export const everything: Choice = { firsts: places => places, seconds: (_first, places) => places }

/** At most that many points of each run of a choice, and of each recovery, mixed by a seed. */
export function sampled(
  seed: string,
  count: { readonly firsts: number; readonly seconds: number },
  of: Choice = everything,
): Choice {
  const some = (places: readonly string[], name: string, most: number) =>
    shuffled(places, `${seed} ${name}`, place => place).slice(0, most)
  return {
    firsts: places => some(of.firsts(places), '', count.firsts),
    seconds: (first, places) => some(of.seconds(first, places), first, count.seconds),
  }
}

/** What is left of a choice; null: nothing, and the setting need not be set up. */
export function whatIsLeft(choice: Choice, setting: Setting, settled: Settled): Choice | null {
  const line = (first: string | null, second: string | null) =>
    settled.get(titleOf(setting, { first, second }))
  const seconds: Choice['seconds'] = (first, places) =>
    choice.seconds(first, places).filter(second => line(first, second) === undefined)
  const isLeft = (first: string) => {
    const once = line(first, null)
    return once === undefined || seconds(first, once.places ?? []).length > 0
  }
  const firsts: Choice['firsts'] = places => choice.firsts(places).filter(isLeft)
  const whole = line(null, null)
  if (whole !== undefined && firsts(whole.places ?? []).length === 0) return null
  return { firsts, seconds }
}
