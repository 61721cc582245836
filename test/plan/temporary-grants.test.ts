import t from 'tap'
import type { DesiredKey } from '../../src/model/desired.ts'
import { type Instant, day, minute } from '../../src/model/duration.ts'
import { keyAt } from '../../src/model/desired-at.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { TemporaryGrant } from '../../src/model/temporary-grant.ts'
import { computeCalendar } from '../../src/plan/compute-calendar.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { driftPlan, forecastPlan } from '../../src/plan/views.ts'
import {
  currentState,
  desiredKey,
  desiredState,
  everything,
  managedKey,
  marker,
  nothing,
  now,
  options,
  retiringFor,
} from '../support/build.ts'

const end = now + 20 * day
const grant = (overrides: Partial<TemporaryGrant> = {}): TemporaryGrant => ({
  kind: 'permission',
  name: 'manage_projects',
  until: end,
  reason: 'migration',
  position: { file: 'fluxloop-keys.yaml', line: 7, column: 7 },
  ...overrides,
})
const project = grant({ kind: 'project', name: 'pilot' })
const withGrants = desiredKey({ grants: [grant(), project] })
const applied = managedKey(keyAt(withGrants, now))
const planAt = (at: Instant, key: DesiredKey = withGrants, live = [applied]) =>
  computePlan(desiredState([key]), currentState(live), at, options())
const fields = (plan: ReturnType<typeof planAt>) =>
  plan.changes.flatMap(change =>
    change.kind === 'update'
      ? change.fields.map(({ field, cause, widens }) => ({ field, cause, widens }))
      : [],
  )

t.test(
  'has a permission and a project until the last moment of their day, and not a moment longer',
  async t => {
    t.strictSame(keyAt(withGrants, end - 1).permissions, [
      'manage_projects',
      'read_scenarios',
      'upload_results',
    ])
    t.strictSame(keyAt(withGrants, end - 1).scope, ['customer-support-bot', 'pilot', 'sales-assistant'])
    t.equal(keyAt(withGrants, end), withGrants)
    t.equal(keyAt({ ...withGrants, scope: 'all' }, now).scope, 'all')
  },
)

t.test('grants it by an update that widens, and takes it away by one that is not drift', async t => {
  const before = managedKey(desiredKey())
  t.strictSame(fields(planAt(now, withGrants, [before])), [
    { field: 'scope', cause: 'changed', widens: true },
    { field: 'permissions', cause: 'changed', widens: true },
  ])
  t.strictSame(planAt(now).changes, [], 'as declared while it lasts')
  t.strictSame(
    planAt(end - 1).changes.filter(({ kind }) => kind === 'update'),
    [],
  )
  t.strictSame(fields(planAt(end)), [
    { field: 'scope', cause: 'changed', widens: false },
    { field: 'permissions', cause: 'changed', widens: false },
  ])
  const drift = driftPlan(desiredState([withGrants]), currentState([applied]), end, options())
  t.strictSame(drift.changes, [])
})

t.test('grants nothing to a key that only says that it is ours', async t => {
  const unproven = computePlan(
    desiredState([withGrants]),
    currentState([managedKey(desiredKey())]),
    now,
    options({ signed: nothing }),
  )
  t.match(unproven.changes, [{ kind: 'rotate', reasons: [{ code: 'unproven' }] }])
})

t.test('makes a successor of a key that has ended, since its secret proves nothing any more', async t => {
  const extended = desiredKey({ expires: { kind: 'until', at: now + 5 * day }, permissions: ['*'] })
  const ended = managedKey(desiredKey({ permissions: ['read_scenarios'] }), {
    live: { createdAt: now - 100 * day, expiresAt: now - 10 * day },
  })
  const held = new Map([[extended.keyId, new Set([ended.id])]])
  const planWith = (...others: readonly LiveKey[]) =>
    computePlan(
      desiredState([extended]),
      currentState([ended, ...others]),
      now,
      options({ held, signed: nothing }),
    )
  const { changes, findings } = planWith()
  t.match(changes, [{ kind: 'rotate' }])
  t.match(
    changes.flatMap(change => (change.kind === 'rotate' ? change.reasons : [])).map(({ code }) => code),
    ['past-max-age', 'unproven'],
  )
  t.notOk(findings.some(({ code }) => code === 'unproven'))
  const beingMade = managedKey(extended, {
    generation: 2,
    state: { kind: 'pending' },
    live: { id: 'key_being_made', createdAt: now - minute },
  })
  t.strictSame(planWith(beingMade).changes, [], 'nor is it brought back to life meanwhile')
})

t.test('creates with it, and narrows a retiring key once it is over', async t => {
  t.match(planAt(now, withGrants, []).changes, [
    { kind: 'create', desired: { permissions: ['manage_projects', 'read_scenarios', 'upload_results'] } },
  ])
  const head = managedKey(withGrants, { generation: 2, live: { createdAt: end - day } })
  const old = managedKey(keyAt(withGrants, now), {
    state: retiringFor(head.id, -19 * day),
    marked: { fields: marker({}, keyAt(withGrants, now)).fields },
  })
  const { changes } = planAt(end, withGrants, [head, old])
  t.match(
    changes.find(change => change.kind === 'update'),
    { live: { id: old.id }, superseded: true, fields: [{ field: 'scope' }, { field: 'permissions' }] },
  )
})

t.test('is announced by the plan in its last two weeks, and by calendar and --at before that', async t => {
  const near = (at: Instant) => planAt(at).findings.filter(({ code }) => code === 'grant-near')
  t.strictSame(near(end - 14 * day - 1), [])
  t.strictSame(near(end - 14 * day).length, 2)
  t.strictSame(near(end), [], 'then it is a finding of audit')
  const calendar = computeCalendar(
    desiredState([withGrants]),
    currentState([applied]),
    now,
    now + 30 * day,
    options({ signed: everything }),
  )
  t.match(
    calendar.entries.filter(({ event }) => event === 'narrows'),
    [
      { at: end, keyId: 'ci-pipeline', grant: 'permission', granted: 'manage_projects', reason: 'migration' },
      { at: end, granted: 'pilot' },
    ],
  )
  const forecast = forecastPlan(desiredState([withGrants]), currentState([applied]), end, options())
  t.match(forecast.changes, [{ kind: 'update', fields: [{ field: 'scope' }, { field: 'permissions' }] }])
})
