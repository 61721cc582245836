import { fc } from '../support/properties.ts'
import t from 'tap'
import { snapshotLife, thinned, usageFromLooks } from '../../src/audit/merge-usage.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { ObservedUsage } from '../../src/model/observed-usage.ts'
import { operationPermissions } from '../../src/model/operation.ts'
import { operations } from '../../src/sandbox/operations.ts'
import { now } from '../support/build.ts'

const midnight = now - (now % day)

/** A look made that many days ago at noon, back over `days` whole days; it saw `seen` once. */
function look(ago: number, days: number, seen: string, more: Partial<ObservedUsage> = {}): ObservedUsage {
  const to = now - ago * day
  return {
    from: to - (to % day) - (days - 1) * day,
    to,
    byDay: new Map([[new Date(to).toISOString().slice(0, 10), 1]]),
    byOperation: new Map([[seen, 1]]),
    byProject: new Map([['bot', 1]]),
    byOperationAndProject: new Map([[seen, new Map([['bot', 1]])]]),
    addresses: [{ ip: '203.0.113.7', requests: 1 }],
    ...more,
  }
}

t.test('says what several looks know of a window, and nothing where they leave a gap', async t => {
  const rows: Record<
    string,
    { looks: readonly ObservedUsage[]; days: number; since?: number; sees: readonly string[] | null }
  > = {
    'no look': { looks: [], days: 30, sees: null },
    'one of the whole window': { looks: [look(0, 30, 'a')], days: 30, sees: ['a'] },
    'one that is a day short': { looks: [look(0, 29, 'a')], days: 30, sees: null },
    'one that is a day old': { looks: [look(1, 30, 'a')], days: 30, sees: ['a'] },
    'one that is two days old': { looks: [look(2, 31, 'a')], days: 30, sees: null },
    'a shorter one of today, and a longer one of yesterday': {
      looks: [look(1, 30, 'a'), look(0, 7, 'b')],
      days: 30,
      sees: ['a', 'b'],
    },
    'what was seen before the window does not count, where newer looks cover it': {
      looks: [look(29, 30, 'long ago'), look(0, 30, 'now')],
      days: 30,
      sees: ['now'],
    },
    'a window shorter than a look of an hour before': {
      looks: [{ ...look(0, 30, 'long ago'), to: now - hour }, look(0, 7, 'now')],
      days: 7,
      sees: ['now'],
    },
    'a look inside the window counts, though the newest covers it': {
      looks: [look(10, 5, 'between'), look(0, 30, 'now')],
      days: 30,
      sees: ['between', 'now'],
    },
    'three that overlap by a day': {
      looks: [look(58, 30, 'a'), look(29, 30, 'b'), look(0, 30, 'c')],
      days: 88,
      sees: ['a', 'b', 'c'],
    },
    'the same, for a day more than they cover': {
      looks: [look(58, 30, 'a'), look(29, 30, 'b'), look(0, 30, 'c')],
      days: 89,
      sees: null,
    },
    'a look that ends on the first day of the next leaves no gap': {
      looks: [look(29, 30, 'a'), look(0, 30, 'b')],
      days: 59,
      sees: ['a', 'b'],
    },
    'one that ends a day before leaves one': {
      looks: [look(30, 30, 'a'), look(0, 30, 'b')],
      days: 59,
      sees: null,
    },
    'a gap, and a look beyond it inside the window': {
      looks: [look(80, 10, 'a'), look(0, 30, 'b')],
      days: 90,
      sees: null,
    },
    'a gap in the middle': {
      looks: [look(62, 30, 'a'), look(29, 30, 'b'), look(0, 30, 'c')],
      days: 90,
      sees: null,
    },
    'older looks that reach further than they need to are the last choice': {
      looks: [look(50, 30, 'too old'), look(28, 30, 'far'), look(20, 30, 'near'), look(0, 30, 'now')],
      days: 49,
      sees: ['near', 'now'],
    },
    'of the time before a key was made there is nothing to know': {
      looks: [look(0, 30, 'a')],
      days: 90,
      since: now - 20 * day,
      sees: ['a'],
    },
    'but of all of its life': { looks: [look(0, 30, 'a')], days: 90, since: now - 31 * day, sees: null },
    'a look from a time to come is none': { looks: [look(-1, 60, 'a')], days: 30, sees: null },
  }
  for (const [name, { looks, days, since, sees }] of Object.entries(rows)) {
    for (const order of [looks, looks.toReversed()]) {
      const facts = usageFromLooks(order, now, days, since)
      t.strictSame(facts.known ? [...facts.usage.byOperation.keys()].sort() : null, sees, name)
    }
  }
  const young = usageFromLooks([look(0, 30, 'a')], now, 90)
  t.match(young, { known: false, gap: 'too-short', partial: { to: now } })
})

t.test('counts at least what is certain, and does not guess what one look was not told', async t => {
  const many = { byOperation: new Map([['a', 5]]), byDay: new Map([['2026-11-20', 3]]) }
  const both = usageFromLooks([look(1, 30, 'a', many), look(0, 30, 'a')], now, 31)
  t.ok(both.known)
  if (!both.known) return
  t.equal(both.usage.byOperation.get('a'), 5, 'looks overlap, so the figures are not added')
  t.strictSame(
    [...both.usage.byDay].sort(),
    [
      ['2026-11-20', 3],
      ['2026-11-22', 1],
    ],
    'days do add up',
  )
  t.equal(both.usage.from, midnight - 30 * day)
  t.strictSame(both.usage.addresses, [{ ip: '203.0.113.7', requests: 1 }])
  for (const silent of [{ byOperationAndProject: null }, { addresses: null }]) {
    const facts = usageFromLooks([look(1, 30, 'a', silent), look(0, 30, 'a')], now, 31)
    t.match(facts, { known: true, usage: silent })
  }
})

t.test(
  'keeps of a year of daily looks what covers the year, and forgets what is older or yet to come',
  async t => {
    let kept: readonly ObservedUsage[] = [look(900, 30, 'old'), look(-3, 30, 'to come')]
    for (let ago = 420; ago >= 0; ago -= 1)
      kept = thinned([...kept, look(ago, 30, `op-${ago}`)], now - ago * day)
    t.ok(kept.length <= 17, `${kept.length} looks`)
    t.ok(kept.every(({ to }) => to <= now && to > now - snapshotLife))
    t.equal(usageFromLooks(kept, now, 365).known, true)
    t.strictSame(
      thinned([look(5, 30, 'a'), look(40, 30, 'b')], now).length,
      2,
      'a gap is not a reason to drop one',
    )
  },
)

t.test(
  'what is known misses no use inside the window, whenever somebody looked and whatever was thinned out',
  async t => {
    let known = 0
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 40 }),
        fc.uniqueArray(
          fc.record({ ago: fc.integer({ min: 0, max: 200 }), days: fc.integer({ min: 1, max: 30 }) }),
          {
            maxLength: 25,
            selector: ({ ago }) => ago,
          },
        ),
        fc.integer({ min: 1, max: 120 }),
        (uses, moments, days) => {
          // A use `ago` days before now is an operation of that name; each look sees those of its whole days up to then.
          const seenBy = ({ ago, days: back }: { readonly ago: number; readonly days: number }) => {
            const seen = uses.filter(use => use >= ago && use < ago + back).map(use => [`${use}`, 1] as const)
            return look(ago, back, '', { byOperation: new Map(seen) })
          }
          const all = [{ ago: 0, days: 30 }, ...moments.filter(({ ago }) => ago > 0)]
            .toSorted((a, b) => b.ago - a.ago)
            .map(seenBy)
          let kept: readonly ObservedUsage[] = []
          for (const each of all) kept = thinned([...kept, each], each.to)
          const [whole, thin] = [usageFromLooks(all, now, days), usageFromLooks(kept, now, days)]
          if (whole.known !== thin.known) return false
          if (!whole.known || !thin.known) return true
          known += 1
          const inside = uses.filter(use => use < days).map(String)
          return [whole, thin].every(({ usage }) => inside.every(use => usage.byOperation.has(use)))
        },
      ),
      { numRuns: 1_000, seed: 7 },
    )
    t.ok(known > 200, `${known} of them were known`)
  },
)

t.test(
  'knows the permission that each operation of the sandbox needs, by the name that usage shows',
  async t => {
    const known = Object.entries(operationPermissions).sort()
    t.strictSame(known, operations.map(({ name, permission }) => [name, permission] as const).toSorted())
  },
)
