// What apply may not write is said in every plan, and so is what giving an adopted key an end leads to.
import t from 'tap'
import { day } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { days, desiredKey, liveKey, managedKey, now } from '../support/build.ts'
import { type Case, key, planOf, summary } from '../support/plan-of.ts'

const external = (live: Partial<LiveKey>) => managedKey(key, { state: { kind: 'external' }, live })
const until = desiredKey({ expires: { kind: 'until', at: now - day } })
const adopting = desiredKey({ adopt: 'key_stranger' })
const asked = { rotate: new Map([['ci-pipeline', { note: null, leaked: false }]]) }

/** Of a finding about an end: its code, its cause, and the declared end in days from now. */
type Said = readonly [code: string, cause: string, days: number]

function ends(row: Case): readonly Said[] {
  return planOf(row).findings.flatMap((finding): readonly Said[] => {
    if (finding.code === 'end-withheld') return [[finding.code, finding.cause, (finding.wanted - now) / day]]
    if (finding.code === 'rotate-by-hand')
      return [[finding.code, finding.cause, ((finding.at ?? now) - now) / day]]
    return []
  })
}

t.test('warns in every plan of an end that differs and may not be written', async t => {
  const old = { createdAt: now - 200 * day, expiresAt: null }
  const rows: Readonly<Record<string, readonly [Case, ReturnType<typeof ends>]>> = {
    'an adopted key that never ends': [{ keys: [external(old)] }, [['end-withheld', 'adopted', -110]]],
    'the plan that adopts it': [
      { desired: [adopting], keys: [liveKey(old)] },
      [['end-withheld', 'adopted', -110]],
    ],
    'one whose declared end is so near that a successor would be due': [
      { keys: [external({ createdAt: now - 85 * day, expiresAt: now + 300 * day })] },
      [['end-withheld', 'adopted', 5]],
    ],
    'a fixed date that is past': [
      { desired: [until], keys: [managedKey(until, { live: { expiresAt: now + 50 * day } })] },
      [['end-withheld', 'fixed-date', -1]],
    ],
    'one that is rotated now': [{ keys: [external(old)], options: asked }, []],
    'one that never ends, as declared': [
      { desired: [desiredKey({ expires: { kind: 'never' } })], keys: [external(old)] },
      [],
    ],
    'a managed key, which is rotated': [{ keys: [managedKey(key, { live: old })] }, []],
  }
  for (const [what, [row, says]] of Object.entries(rows)) t.strictSame(ends(row), says, what)
})

t.test('warns where an adopted key is given an end, which nobody renews', async t => {
  const young = { createdAt: now - 30 * day, expiresAt: null }
  const rows: Readonly<Record<string, readonly [Case, ReturnType<typeof ends>]>> = {
    'an end where it had none': [{ keys: [external(young)] }, [['rotate-by-hand', 'will-end', 60]]],
    'the plan that adopts it': [
      { desired: [adopting], keys: [liveKey(young)] },
      [['rotate-by-hand', 'will-end', 60]],
    ],
    'an earlier end': [
      {
        desired: [desiredKey({ expires: days(60) })],
        keys: [external({ createdAt: now - 30 * day, expiresAt: now + 60 * day })],
      },
      [['rotate-by-hand', 'will-end', 30]],
    ],
    'no end any more': [
      {
        desired: [desiredKey({ expires: { kind: 'never' } })],
        keys: [external({ createdAt: now - 30 * day, expiresAt: now + 60 * day })],
      },
      [],
    ],
    'a managed key, which is renewed': [{ keys: [managedKey(key, { live: young })] }, []],
  }
  for (const [what, [row, says]] of Object.entries(rows)) t.strictSame(ends(row), says, what)
  t.strictSame(summary(planOf({ keys: [external(young)] })), ['update key_ci-pipeline_1 expires'])
})
