import { shuffled } from '../faults/crash/setting.ts'
import { playWireCase, wireCases } from '../faults/support/wire-cases.ts'
import { type Campaign, ofTitles } from './campaign.ts'

/** Every fault of the wire at every call. */
export const wire: Campaign = {
  about: 'each fault of the wire at each call, at the first try, at every try and at a retry',
  seconds: 1,
  weight: 2,
  next: ofTitles(
    () => wireCases.map(({ title }) => title),
    (titles, seed) => shuffled(titles, seed, title => title),
  ),
  play: async ({ name, tell }) => {
    const one = wireCases.find(({ title }) => title === name)
    if (one === undefined) throw new Error(`No fault of the wire is called ${name}.`)
    tell({ title: name, faults: await playWireCase(one) })
  },
}
