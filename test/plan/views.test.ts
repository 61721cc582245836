import assert from 'node:assert/strict'
import { cases } from '../support/fuzz.ts'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { isRefused } from '../../src/model/change.ts'
import { day, hour, minute } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { driftPlan, forecastPlan } from '../../src/plan/views.ts'
import { applied } from '../support/apply-model.ts'
import {
  currentState,
  desiredKey,
  desiredState,
  liveKey,
  managedKey,
  nothing,
  now,
  options,
  retiringFor,
  sealed,
} from '../support/build.ts'
import { aged, codes, head, key, other, retired, summary } from '../support/plan-of.ts'
import { anyWorld } from '../support/worlds.ts'

const drift = (keys: Parameters<typeof currentState>[0], desired = [key]) =>
  driftPlan(desiredState(desired), currentState(keys), now, options())

t.test('forecasts what a plan of that moment would be, and says that it is one', async t => {
  const forecast = (at: number) => forecastPlan(desiredState(), currentState([managedKey()]), at, options())
  t.strictSame(summary(forecast(now + day)), [])
  const later = forecast(now + 55 * day)
  t.strictSame(summary(later), ['rotate key_ci-pipeline_1 g2'])
  t.match(later, { now: now + 55 * day, view: 'forecast' })
  fc.assert(
    fc.property(anyWorld, fc.nat(200), ({ desired, current, options }, days) => {
      const at = now + days * day
      const plan = computePlan(desired, current, at, options)
      assert.deepEqual(forecastPlan(desired, current, at, options), { ...plan, view: 'forecast' })
    }),
    { numRuns: cases(100) },
  )
})

t.test('shows of each key what was changed on the platform, and nothing that was declared anew', async t => {
  const edited = { permissions: ['*'], name: 'Edited' }
  t.strictSame(summary(drift([managedKey()])), [])
  t.strictSame(summary(drift([managedKey(key, { live: edited })])), [
    'update key_ci-pipeline_1 name permissions',
  ])
  const declared = desiredKey({ permissions: ['read_scenarios'], description: 'New words' })
  t.strictSame(summary(drift([managedKey(key)], [declared])), [], 'the configuration changed')
  t.strictSame(
    summary(drift([managedKey(key, { live: { permissions: ['*'] } })], [declared])),
    ['update key_ci-pipeline_1 permissions'],
    'both changed',
  )
  t.strictSame(
    summary(drift([{ ...aged, permissions: ['*'] }])),
    ['update key_ci-pipeline_1 permissions'],
    'a key that is due for rotation has its drift too',
  )
  t.strictSame(
    summary(drift([head(), retired({ permissions: ['*'] })])),
    ['update key_ci-pipeline_1 permissions'],
    'so has one that retires',
  )
})

t.test('shows a secret that was regenerated on the platform, and no store that was added', async t => {
  const regenerated = managedKey(key, { live: { regeneratedAt: now - hour } })
  const dead = { ...regenerated, ownership: managedKey().ownership }
  t.strictSame(summary(drift([dead])), ['deliver key_ci-pipeline_1 g2'])
  const added = desiredKey({ stores: [...key.stores, sealed] })
  t.strictSame(summary(drift([managedKey()], [added])), [])
  const [change] = drift([{ ...dead, permissions: ['*'] }], [added]).changes
  t.match(change, { kind: 'deliver', fields: [{ field: 'permissions', cause: 'drift' }] })
  t.equal(change?.kind === 'deliver' && change.reasons.length, 1)
})

t.test(
  'shows a head that was deleted, one that lost its marker, and one that is not the only one',
  async t => {
    const replaced = managedKey(key, { state: retiringFor('key_gone', day) })
    const lost = drift([{ ...replaced, permissions: ['*'] }])
    t.strictSame(summary(lost), ['rotate key_ci-pipeline_1 g2', 'update key_ci-pipeline_1 permissions'])
    t.match(lost.changes, [{ reasons: [{ code: 'head-lost' }] }, {}])

    const justNow = drift([
      managedKey(key, { state: retiringFor('key_gone', 5 * minute), marked: { host: 'other' } }),
    ])
    t.strictSame([summary(justNow), codes(justNow)], [[], ['being-made']], 'its maker has to finish it')

    const of = (keys: readonly LiveKey[], held: readonly string[]) => {
      const known = options({ signed: nothing, held: new Map([['ci-pipeline', new Set(held)]]) })
      return summary(driftPlan(desiredState([key]), currentState(keys), now, known))
    }
    const unmarked: LiveKey = { ...head(), id: 'key_unmarked', ownership: { kind: 'unmanaged' } }
    const predecessor = managedKey(key, { state: retiringFor(unmarked.id, day) })
    t.strictSame(of([unmarked, predecessor], [unmarked.id]), ['update key_unmarked state'])

    const rivals = [head(), managedKey(key)]
    t.strictSame(of(rivals, []), ['rotate key_ci-pipeline_2 g3'])
    t.strictSame(of(rivals, ['key_ci-pipeline_2']), ['update key_ci-pipeline_1 state'])
  },
)

t.test('names keys with no live one, since nothing tells a deleted key from a new one', async t => {
  const plan = drift([managedKey(), liveKey({ name: other.name })], [key, other])
  t.strictSame(plan.findings, [{ severity: 'warning', code: 'not-live', keyIds: ['other'] }])
  t.notOk(isRefused(plan), 'what a plan would refuse is not drift')
  const broken = liveKey({ id: 'key_broken', ownership: { kind: 'unreadable', text: '[fk1 cut' } })
  t.strictSame(codes(drift([managedKey(), broken])), ['marker-unreadable'])
})

t.test('finds no drift right after an apply, and never depends on the order of keys', async () => {
  fc.assert(
    fc.property(anyWorld, fc.boolean(), (world, storesAnswer) => {
      const { desired, current, options } = world
      const plan = computePlan(desired, current, now, options)
      const shown = driftPlan(desired, current, now, options)
      const turned = { ...current, keys: [...current.keys].reverse() }
      const other = { ...desired, keys: [...desired.keys].reverse() }
      assert.deepEqual(driftPlan(other, turned, now, options), shown)
      fc.pre(!isRefused(plan) && plan.findings.every(({ code }) => code === 'date-near'))
      const keys = applied(plan, world, storesAnswer)
      if (keys === null) return
      assert.deepEqual(driftPlan(desired, { ...current, keys }, now, options).changes, [])
    }),
    { numRuns: cases(500) },
  )
})
