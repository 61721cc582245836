import { everything, sampled, whatIsLeft } from '../faults/crash/choice.ts'
import { playCase, playSetting } from '../faults/crash/crash-play.ts'
import { allSettings, caseOf, settingTitle, shuffled, titleOf } from '../faults/crash/setting.ts'
import type { Campaign, Settled } from './campaign.ts'

/** At first two points of each setting, then more of them at once, since each time the past is played anew. */
function countOf(title: string, settled: Settled): { readonly firsts: number; readonly seconds: number } {
  const { setting } = caseOf(title)
  const isNew = !settled.has(titleOf(setting, { first: null, second: null }))
  return isNew ? { firsts: 2, seconds: 1 } : { firsts: 4, seconds: 8 }
}

/** All cases of the crash matrix: each run killed at each point, and its recovery at each point. */
export const crash: Campaign = {
  about: 'the program killed at every point of every change, and its recovery at every point',
  seconds: 2,
  weight: 5,
  next: (seed, settled, busy) => {
    const titles = shuffled(allSettings().map(settingTitle), seed, title => title)
    const isNew = (title: string) =>
      !settled.has(titleOf(caseOf(title).setting, { first: null, second: null }))
    const isLeft = (title: string) =>
      !settled.has(title) && whatIsLeft(everything, caseOf(title).setting, settled) !== null
    const free = titles.filter(title => !busy.has(title))
    const name = free.find(title => !settled.has(title) && isNew(title)) ?? free.find(isLeft)
    if (name === undefined) return null
    const { firsts, seconds } = countOf(name, settled)
    return { name, cases: 1 + firsts * (1 + seconds) }
  },
  play: async ({ name, seed, settled, tell }) => {
    const { setting, kills } = caseOf(name)
    if (name !== settingTitle(setting)) {
      tell(await playCase(setting, kills))
      return
    }
    const choice = whatIsLeft(everything, setting, settled)
    if (choice === null) return
    const some = sampled(`${seed} ${name}`, countOf(name, settled), choice)
    await playSetting(setting, some, (verdict, places) => tell({ ...verdict, places }), settled)
  },
}
