// A small part of the random histories of test/support/histories, always the same. `npm run test:campaigns -- --only histories`
// plays others.
import t, { type Test } from 'tap'
import { minute } from '../../src/model/duration.ts'
import { type Series, type Tally, playSeries } from '../support/histories/run.ts'
import type { Deeds } from '../support/histories/history-world.ts'

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
  for (const [action, least] of Object.entries(leastOf) as [Deeds, number][]) {
    const times = tally.get(action) ?? 0
    t.ok(times >= Math.floor((least * count) / 100), `${times} keys were ${action}`)
  }
}

const series: readonly (Series & { readonly title: string })[] = [
  { title: 'keeps every promise in 300 histories', game: 'in process', seed: 1, count: 300 },
  {
    title: 'keeps every promise in 15 histories over HTTP, which end just as on the model platform',
    game: 'over HTTP',
    seed: 12,
    count: 15,
  },
]
for (const { title, ...each } of series) {
  t.test(title, { timeout: 5 * minute }, async t => {
    requireEventful(t, each, await playSeries(each))
  })
}
