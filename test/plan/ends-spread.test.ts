// Keys that were made in one run: their ends of life are spread too, the limit defers what can wait, and no key dies.
import assert from 'node:assert/strict'
import { fc } from '../support/properties.ts'
import t from 'tap'
import type { Plan } from '../../src/model/change.ts'
import type { DesiredKey } from '../../src/model/desired.ts'
import { type Instant, type Milliseconds, day, hour } from '../../src/model/duration.ts'
import { endOfLife } from '../../src/model/lifetime.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { computeCalendar } from '../../src/plan/compute-calendar.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { rotationSlots } from '../../src/lifecycle/spread.ts'
import {
  currentState,
  days,
  desiredKey,
  desiredState,
  managedKey,
  now,
  options,
  sealed,
  stack,
} from '../support/build.ts'

const twelve = keysOf(12)

function keysOf(count: number, more: Parameters<typeof desiredKey>[0] = {}): readonly DesiredKey[] {
  return Array.from({ length: count }, (_, index) =>
    desiredKey({ keyId: `key-${index}`, ...more, rotation: { maxAge: null, ...more.rotation } }),
  )
}

interface Day {
  readonly at: Instant
  readonly plan: Plan
  readonly dead: readonly string[]
}

/** A run at each of the moments, each of which does what its plan says. All keys are made at `now`. */
function live(keys: readonly DesiredKey[], moments: readonly Instant[]): readonly Day[] {
  const heads = new Map<string, LiveKey>(
    keys.map(key => [key.keyId, managedKey(key, { live: { createdAt: now } })]),
  )
  return moments.map(at => {
    const dead = [...heads].flatMap(([keyId, { expiresAt }]) =>
      expiresAt !== null && expiresAt <= at ? [keyId] : [],
    )
    const plan = computePlan(desiredState(keys), currentState([...heads.values()]), at, options())
    for (const change of plan.changes) {
      assert.equal(change.kind, 'rotate')
      const { desired, generation } = change
      const expiresAt = endOfLife(desired.expires, at)
      heads.set(
        desired.keyId,
        managedKey(desired, { generation, live: { createdAt: at, expiresAt, environment: 'ci' } }),
      )
    }
    return { at, plan, dead }
  })
}

const every = (gap: Milliseconds, until: Milliseconds) =>
  Array.from({ length: Math.floor(until / gap) }, (_, index) => now + (index + 1) * gap)

const rotated = ({ plan }: Day) => plan.changes.length

t.test('spreads the ends of life of twelve keys that were made in one run', async t => {
  const year = live(twelve, every(day, 365 * day))
  t.strictSame(
    year.flatMap(({ dead }) => dead),
    [],
    'no key dies',
  )
  t.ok(Math.max(...year.map(rotated)) <= 3, 'a quarter of them in one run')
  t.strictSame(
    year.flatMap(({ plan }) => plan.findings),
    [],
    'no run is above the limit',
  )
  const first = year.filter(one => one.at - now <= 90 * day && rotated(one) > 0)
  t.ok(first.length >= 9, `${first.length} days`)
  t.ok(
    first.every(({ at }) => at - now >= 54 * day && at - now <= 82 * day),
    'from two thirds of what is left before renewBefore on, and never later than that',
  )
})

t.test('puts keys of one age limit into one round, whether an end or a maximum age sets it', async t => {
  const byEnd = desiredKey({
    keyId: 'a',
    expires: days(90),
    rotation: { maxAge: null, renewBefore: 9 * day },
  })
  const byAge = desiredKey({ keyId: 'b', expires: { kind: 'never' }, rotation: { maxAge: 81 * day } })
  const alone = desiredKey({
    keyId: 'c',
    expires: days(30),
    rotation: { maxAge: null, renewBefore: 3 * day },
  })
  const never = desiredKey({ keyId: 'd', expires: { kind: 'never' }, rotation: { maxAge: null } })
  t.strictSame([...rotationSlots(stack, [byEnd, byAge, alone, never]).keys()].sort(), ['a', 'b'])
})

t.test('does the most urgent rotations first, and says until when the others wait', async t => {
  const at = now + 81 * day - hour
  const [{ plan } = { plan: null }] = live(twelve, [at])
  t.strictSame([plan?.changes.length, plan?.deferred.length], [3, 9])
  t.ok(plan?.deferred.every(({ until }) => until === now + 81 * day + 1))
  t.match(plan?.findings, [
    { severity: 'warning', code: 'limit', action: 'rotate', count: 12, live: 12, allowed: 3 },
  ])
  const raised = computePlan(
    desiredState(twelve),
    currentState(twelve.map(key => managedKey(key, { live: { createdAt: now } }))),
    at,
    options({ maxRotate: 12 }),
  )
  t.strictSame([raised.changes.length, raised.deferred, raised.findings], [12, [], []])
  const ages = twelve.map((key, index) =>
    managedKey(key, { live: { createdAt: now - 70 * day - index * hour } }),
  )
  const urgent = computePlan(desiredState(twelve), currentState(ages), now + 5 * day, options())
  t.strictSame(
    urgent.changes.map(({ keyId }) => keyId),
    ['key-10', 'key-11', 'key-9'],
    'the oldest',
  )
})

t.test('lets nothing wait that is near its end, lost or leaked, and narrows what waits', async t => {
  const near = computePlan(
    desiredState(twelve),
    currentState(twelve.map(key => managedKey(key, { live: { createdAt: now } }))),
    now + 82 * day,
    options(),
  )
  t.strictSame([near.changes.length, near.deferred], [12, []])
  const four = keysOf(4, { stores: [sealed], rotation: { maxAge: 60 * day } })
  const old = { createdAt: now - 61 * day, expiresAt: now + 29 * day }
  const stale = { kind: 'delivered', visibleEnd: 'other', at: now - 9 * day, graceUntil: now } as const
  const keys = four.map((key, index) =>
    managedKey(key, {
      live: { ...old, permissions: ['*'] },
      ...(index === 3 ? { state: stale } : {}),
    }),
  )
  const plan = computePlan(desiredState(four), currentState(keys), now, options())
  t.strictSame(
    plan.changes.map(({ keyId, kind }) => `${keyId} ${kind}`),
    ['key-0 rotate', 'key-0 update', 'key-1 update', 'key-2 update', 'key-3 rotate', 'key-3 update'],
  )
  t.strictSame(
    plan.deferred.map(({ keyId }) => keyId),
    ['key-1', 'key-2'],
  )
})

t.test('no key dies, whatever the amount, the period and the pauses between runs', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(30, 90, 365),
      fc.array(fc.double({ min: 0.2, max: 1, noNaN: true }), { minLength: 200, maxLength: 200 }),
      (count, length, pauses) => {
        const renewBefore = (length * day) / 10
        const keys = keysOf(count, { expires: days(length), rotation: { renewBefore } })
        let at = now
        // No pause between two runs is longer than `renewBefore`, which is what it is for.
        const moments = pauses.map(share => (at += Math.floor(share * Math.min(renewBefore, 5 * day))))
        const allowed = Math.max(2, Math.floor(count / 4))
        for (const { plan, dead } of live(keys, moments)) {
          assert.deepEqual(dead, [])
          const patient = plan.changes.filter(
            change =>
              change.kind === 'rotate' && change.reasons.every(({ code }) => code === 'ends-with-others'),
          )
          assert.ok(patient.length <= allowed)
          for (const { until } of plan.deferred) assert.ok(until !== null && until > plan.now)
        }
      },
    ),
    { numRuns: 40 },
  )
})

t.test('shows the spread days in the calendar, earlier than the end asks for and never later', async t => {
  const made = twelve.map(key => managedKey(key, { live: { createdAt: now } }))
  const { entries } = computeCalendar(
    desiredState(twelve),
    currentState(made),
    now,
    now + 90 * day,
    options(),
  )
  const first = entries.filter(({ event, generation }) => event === 'rotates' && generation === 1)
  t.equal(first.length, 12)
  t.equal(new Set(first.map(({ at }) => at)).size, 12)
  t.ok(first.every(({ at }) => at >= now + 54 * day && at <= now + 81 * day + 1))
})
