import { caseOf, titleOf } from '../faults/concurrency/cases.ts'
import { play } from '../faults/concurrency/concurrency-play.ts'
import { type Campaign, ofNumbers } from './campaign.ts'

/** Runs at once. A number decides the case, but not how the runs meet: that differs each time. */
export const concurrency: Campaign = {
  about: '2 to 8 applies at once on one machine and on several, one of them killed',
  seconds: 6,
  weight: 2,
  next: ofNumbers(number => String(number)),
  play: async ({ name, tell }) => {
    const one = caseOf(Number(name))
    const { faults } = await play(one)
    tell({ title: name, faults: faults.length === 0 ? [] : [titleOf(one), ...faults] })
  },
}
