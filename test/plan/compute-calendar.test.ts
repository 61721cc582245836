import assert from 'node:assert/strict'
import { fc } from '../support/properties.ts'
import t from 'tap'
import type { Calendar } from '../../src/model/calendar.ts'
import { day, hour } from '../../src/model/duration.ts'
import { computeCalendar } from '../../src/plan/compute-calendar.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { dueAt, dueSince, rotationReasons } from '../../src/lifecycle/due.ts'
import {
  currentState,
  desiredKey,
  desiredState,
  liveKey,
  managedKey,
  now,
  options,
  usedAt,
} from '../support/build.ts'
import { head, key, leaked, retired, undeclared } from '../support/plan-of.ts'
import { anyWorld } from '../support/worlds.ts'

function calendarOf(
  keys: Parameters<typeof currentState>[0],
  desired: Parameters<typeof desiredState>[0] = [key],
  days = 90,
): Calendar {
  return computeCalendar(desiredState(desired), currentState(keys), now, now + days * day, options())
}
const lines = ({ entries }: Calendar) =>
  entries.map(({ at, event, keyId, liveId, generation }) => {
    const who = keyId === null ? String(liveId) : `${keyId} g${generation ?? '-'}`
    return `${Number(((at - now) / day).toFixed(2))} ${event} ${who}${liveId === null ? ' to be made' : ''}`
  })

t.test('shows one rotation after the other, and each predecessor as it retires', async t => {
  // Alone among its peers, a key has the latest slot: 60 days after it was made, ten days ago.
  const calendar = calendarOf([managedKey()], [key], 120)
  t.strictSame(lines(calendar), [
    '50 rotates ci-pipeline g1',
    '52 retires ci-pipeline g1',
    '110 rotates ci-pipeline g2 to be made',
    '112 retires ci-pipeline g2 to be made',
  ])
  t.match(calendar.entries[0], { strategy: 'overlap', reasons: [{ code: 'past-max-age' }] })
  t.match(calendar.entries[1], { reason: { code: 'superseded', head: 2 } })
  t.strictSame(lines(calendarOf([managedKey()], [key], 51)), ['50 rotates ci-pipeline g1'])
})

t.test('shows what the plan of this moment begins with', async t => {
  const old = { createdAt: now - 70 * day }
  t.strictSame(lines(calendarOf([managedKey(key, { live: old })], [key], 10)), [
    '0 rotates ci-pipeline g1',
    '2 retires ci-pipeline g1',
  ])
  t.strictSame(lines(calendarOf([leaked(1)], [key], 10)).slice(0, 1), ['0 rotates ci-pipeline g1'])
  t.strictSame(lines(calendarOf([], [key], 61)), ['60 rotates ci-pipeline g1 to be made'])
  t.strictSame(lines(calendarOf([managedKey(), undeclared()], [key], 1)), ['0 retires gone g1'])
})

t.test('rotates before the end of life, and in place without a predecessor', async t => {
  const never = { maxAge: null } as const
  const short = desiredKey({ rotation: never })
  t.strictSame(lines(calendarOf([managedKey(short)], [short], 72)), ['71 rotates ci-pipeline g1'])
  const place = desiredKey({ rotation: { ...never, strategy: 'in-place' } })
  t.strictSame(lines(calendarOf([managedKey(place)], [place], 89)), ['71 rotates ci-pipeline g1'])
})

t.test('shows every end that nothing renews, and why', async t => {
  const trial = desiredKey({ expires: { kind: 'until', at: now + 20 * day } })
  const why = (calendar: Calendar) =>
    calendar.entries.map(
      entry => `${(entry.at - now) / day} ${entry.event === 'expires' ? entry.why : entry.event}`,
    )
  t.strictSame(why(calendarOf([managedKey(trial)], [trial])), ['20 fixed-date'])
  const adopted = managedKey(key, { state: { kind: 'external' } })
  t.strictSame(why(calendarOf([adopted])), ['80 external'])
  const kept = undeclared({}, desiredKey({ keyId: 'gone', protect: true }))
  t.strictSame(why(calendarOf([managedKey(), kept], [key], 49)), [])
  t.ok(why(calendarOf([managedKey(), kept])).includes('80 undeclared'))
  t.ok(why(calendarOf([managedKey(), liveKey()])).includes('80 unmanaged'))
  const brief = retired({ expiresAt: now + day, lastUse: usedAt(now - hour) })
  t.strictSame(why(calendarOf([head(), { ...brief }], [key], 2)), ['0.9583333333333334 retires'])
  const briefer = retired({ expiresAt: now + hour, lastUse: usedAt(now - hour) })
  t.strictSame(why(calendarOf([head(), briefer], [key], 2)), ['0.041666666666666664 superseded'])
})

t.test('falls due at the very moment that the planner does', async () => {
  const fixed = { desired: key, live: managedKey() }
  fc.assert(
    fc.property(anyWorld, ({ desired, current }) => {
      for (const live of [...current.keys, fixed.live]) {
        for (const one of [...desired.keys, fixed.desired]) {
          const at = dueAt(one, live, 50.5 * day, now)
          const due = (moment: number) => rotationReasons(one, live, 50.5 * day, moment).length > 0
          if (at === null) assert.equal(due(now + 5000 * day), false)
          else assert.ok(at >= now && due(at) && (at === now || !due(at - 1)))
          const byTime = { ...one, environment: null }
          const age = { ...live, status: 'active' } as const
          const was = (moment: number) => rotationReasons(byTime, age, 50.5 * day, moment).length > 0
          const since = dueSince(byTime, age, 50.5 * day, now)
          if (since === null) assert.equal(was(now), false)
          else assert.ok(since <= now && was(since) && was(now) && !was(since - 1))
        }
      }
    }),
    { numRuns: 200 },
  )
})

t.test('agrees with the planner on the first rotation of every key', async () => {
  fc.assert(
    fc.property(anyWorld, world => {
      const { current } = world
      const desired = { ...world.desired, limits: { revoke: 1, rotate: 1, always: 1000 } }
      const all = { ...world.options, takeOver: true, targets: { only: [], except: [] } }
      const calendar = computeCalendar(desired, current, now, now + 90 * day, all)
      const again = { ...current, keys: [...current.keys].reverse() }
      assert.deepEqual(computeCalendar(desired, again, now, now + 90 * day, all), calendar)
      const plan = computePlan(desired, current, now, all)
      const planned = plan.changes.flatMap(change =>
        change.kind === 'rotate' || (change.kind === 'deliver' && change.rotates) ? [change.keyId] : [],
      )
      const shown = calendar.entries.flatMap(entry =>
        entry.event === 'rotates' && entry.at === now ? [entry.keyId] : [],
      )
      for (const keyId of planned) assert.ok(shown.includes(keyId), keyId)
      for (let index = 1; index < calendar.entries.length; index += 1) {
        assert.ok((calendar.entries[index - 1]?.at ?? 0) <= (calendar.entries[index]?.at ?? 0))
      }
    }),
    { numRuns: 300 },
  )
})
