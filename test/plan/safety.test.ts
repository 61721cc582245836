import t from 'tap'
import { day, minute } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { days, desiredKey, managedKey, now, otherHost } from '../support/build.ts'
import { codes, head, key, pending, planOf, summary } from '../support/plan-of.ts'

t.test('never sets an end that is past, or so near that the key is due', async t => {
  // Made 70 days ago for 90 days; now 30 days are declared, which ended 40 days ago.
  const short = desiredKey({ expires: days(30), rotation: { renewBefore: 3 * day } })
  const made = { createdAt: now - 70 * day }
  const local = { localKeys: new Set(['ci-pipeline']) }
  const rows = {
    'a head that rotates': [[managedKey(key, { live: made })], ['rotate key_ci-pipeline_1 g2']],
    'a head of another host': [[managedKey(key, { live: made, marked: { host: otherHost } })], []],
    'an adopted head': [[managedKey(key, { live: made, state: { kind: 'external' } })], []],
    'a head whose successor is being made elsewhere': [
      [managedKey(key, { live: made }), pending(2, otherHost, { createdAt: now - minute })],
      [],
    ],
  } satisfies Record<string, readonly [readonly LiveKey[], readonly string[]]>
  for (const [what, [keys, does]] of Object.entries(rows)) {
    t.strictSame(summary(planOf({ desired: [short], keys, options: local })), does, what)
  }
  const past = desiredKey({ expires: { kind: 'until', at: now - day } })
  const plan = planOf({ desired: [past], keys: [managedKey(key)] })
  t.strictSame([summary(plan), codes(plan)], [[], ['date-past']], 'a date that has passed')
  const shorter = desiredKey({ expires: days(60), rotation: { renewBefore: 9 * day, maxAge: null } })
  t.strictSame(summary(planOf({ desired: [shorter], keys: [managedKey(key)] })), [
    'update key_ci-pipeline_1 expires',
  ])
})

t.test('sees a date that moved by one day, and none in what a platform rounds', async t => {
  const until = (at: number) => desiredKey({ expires: { kind: 'until', at } })
  const at = Date.UTC(2027, 5, 1)
  for (const [what, live, does] of [
    ['the next day', at - day, ['update key_ci-pipeline_1 expires']],
    ['the end of that day', at + day - 1000, []],
  ] as const) {
    const plan = planOf({
      desired: [until(at)],
      keys: [managedKey(until(at), { live: { expiresAt: live } })],
    })
    t.strictSame(summary(plan), does, what)
  }
})
