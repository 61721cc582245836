import { createHash } from 'node:crypto'
import t from 'tap'
import type { DesiredState } from '../../src/model/desired.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { readPlanFile, toPlanFile } from '../../src/plan/plan-file.ts'
import { reviewDigest } from '../../src/plan/review.ts'
import type { Approval } from '../../src/pull-request/approvals.ts'
import { type Present, approvedChanges, unapprovedPart } from '../../src/pull-request/approved-changes.ts'
import { jsonText } from '../../src/render/text/json.ts'
import { currentState, desiredKey, desiredState, managedKey, now, options } from '../support/build.ts'
import { aged, undeclared } from '../support/plan-of.ts'

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const origin = options().platform
const { account } = currentState([]).caller

function approval(desired: DesiredState, keys: readonly LiveKey[], at = now, by = '#1'): Approval {
  const plan = computePlan(desired, currentState(keys), at, options())
  const binding = { origin, account, configuration: 'c', validUntil: at + day, options: options() }
  return { by, file: readPlanFile(jsonText(toPlanFile(plan, desired, binding, hash)), 'plan.json', hash) }
}

const present = (desired: DesiredState, keys: readonly LiveKey[], at = now): Present => ({
  ...{ desired, options: options(), origin, lifetime: day },
  gathered: { current: currentState(keys), now: at },
})

const shown = ({
  changes,
}: {
  readonly changes: readonly { readonly kind: string; readonly keyId: string }[]
}) => changes.map(({ kind, keyId }) => `${kind} ${keyId}`)

const a = desiredKey({ keyId: 'a' })
const b = desiredKey({ keyId: 'b' })

t.test('takes from a plan made now what was approved, whatever else was merged', async t => {
  const before = approval(desiredState([a]), [])
  const found = approvedChanges([before], present(desiredState([a, b]), []))
  t.strictSame(shown(found), ['create a'])
  t.strictSame(found.stale, [])
  const whole = computePlan(desiredState([a, b]), currentState([]), now, options())
  t.strictSame(shown(unapprovedPart(whole, found.changes)), ['create b'])
})

t.test('puts several approvals together, and does no change twice', async t => {
  const both = desiredState([a, b])
  const approvals = [
    approval(desiredState([a]), []),
    approval(desiredState([b]), []),
    approval(both, [], now, '#3'),
  ]
  t.strictSame(shown(approvedChanges(approvals, present(both, []))), ['create a', 'create b'])
  t.strictSame(shown(approvedChanges(approvals, present(both, [managedKey(a)]))), ['create b'])
  const done = approvedChanges(approvals, present(both, [managedKey(a), managedKey(b)]))
  t.strictSame([shown(done), done.stale], [[], []])
})

t.test('holds back a key that is declared, or judged, in another way by now', async t => {
  const approved = [approval(desiredState([a, b]), [])]
  const other = desiredKey({ keyId: 'a', permissions: ['read_scenarios'] })
  const changed = approvedChanges(approved, present(desiredState([other, b]), []))
  t.strictSame([shown(changed), changed.stale], [['create b'], ['a']])
  const stricter = desiredState([a, b], { policy: { ...desiredState([]).policy, forbid: ['widening'] } })
  const judged = approvedChanges(approved, present(stricter, []))
  t.strictSame([shown(judged), judged.stale], [[], ['a', 'b']])
  const newest = [...approved, approval(desiredState([other, b]), [], now, '#2')]
  const again = approvedChanges(newest, present(desiredState([other, b]), []))
  t.strictSame(
    [shown(again), again.stale],
    [['create a', 'create b'], []],
    'the newest approval that fits counts',
  )
})

t.test('takes what was done for done, whatever else its key is due for by now', async t => {
  const key = desiredKey()
  const created = [approval(desiredState([key]), [])]
  const found = approvedChanges(created, present(desiredState([key]), [aged]))
  t.strictSame([shown(found), found.stale], [[], []])
})

t.test('makes a plan again that is past its life, and takes it where it is the same', async t => {
  const key = desiredKey()
  const approved = [approval(desiredState([key]), [aged])]
  const later = now + 3 * day
  const found = approvedChanges(approved, present(desiredState([key]), [aged], later))
  t.strictSame(shown(found), ['rotate ci-pipeline'], 'an age is not a difference')
  const used = { known: true, at: later - hour, ip: null, location: null, userAgent: null } as const
  const undone = [approval(desiredState([key]), [managedKey(key), undeclared()])]
  const held = approvedChanges(
    undone,
    present(desiredState([key]), [managedKey(key), undeclared({ lastUse: used })], later),
  )
  t.strictSame(shown(held), [], 'what came into use is not revoked')
})

t.test('takes no plan of another platform or account, or of a moment that is yet to come', async t => {
  const desired = desiredState([a])
  const valid = approval(desired, [])
  const odd = (file: Partial<Approval['file']>): Approval => ({ ...valid, file: { ...valid.file, ...file } })
  const rows = [
    [odd({ origin: 'https://evil.example' }), /platform/],
    [odd({ account: 'other' }), /account/],
    [odd({ plan: { ...valid.file.plan, now: now + day } }), /yet to come/],
  ] as const
  for (const [one, why] of rows) {
    const found = approvedChanges([one], present(desired, []))
    t.match(found, { changes: [], unapproved: [{ by: '#1', why }] })
  }
})

t.test('a digest is of what was reviewed, not of the moment', async t => {
  const desired = desiredState([desiredKey()])
  const digest = (each: Approval) => reviewDigest(each.file, hash)
  t.equal(digest(approval(desired, [aged])), digest(approval(desired, [aged], now + hour)))
  t.not(digest(approval(desired, [aged])), digest(approval(desired, [])))
  const policy = { ...desired.policy, forbid: ['widening' as const] }
  t.not(digest(approval(desired, [aged])), digest(approval({ ...desired, policy }, [aged])))
})
