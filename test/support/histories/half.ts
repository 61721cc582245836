import t, { type Test } from 'tap'
import { minute } from '../../../src/model/duration.ts'
import { type Series, type Tally, playSeries } from './run.ts'
import type { Deeds } from './world.ts'

/** How much of everything 100 histories have at the least, so that a promise that nobody puts to the test is noticed. */
const leastOf: Readonly<Record<Deeds, number>> = {
  created: 100,
  rotated: 40,
  updated: 20,
  revoked: 15,
  healed: 6,
  delivered: 0.5,
  adopted: 0.5,
  released: 0.2,
}

function requireEventful(t: Test, { count }: Series, tally: Tally): void {
  if (process.env['HISTORY'] !== undefined) return
  for (const [action, least] of Object.entries(leastOf) as [Deeds, number][]) {
    const times = tally.get(action) ?? 0
    t.ok(times >= Math.floor((least * count) / 100), `${times} keys were ${action}`)
  }
}

/** The tests of one half of all histories: 10,000 in process, and 200 over HTTP. */
export function playHalf(half: 1 | 2): void {
  t.setTimeout(15 * minute)
  const series: readonly (Series & { readonly title: string })[] = [
    { title: 'keeps every promise in 5,000 histories', game: 'in process', seed: half, count: 5_000 },
    {
      title: 'keeps every promise in 100 histories over HTTP, which end just as on the model platform',
      game: 'over HTTP',
      seed: 10 + half,
      count: 100,
    },
  ]
  for (const { title, ...each } of series) {
    t.test(title, { timeout: 15 * minute }, async t => {
      requireEventful(t, each, await playSeries(each))
    })
  }
}
