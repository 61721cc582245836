import t from 'tap'
import type { BreakGlassRule } from '../../src/model/break-glass.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { EmergencyGrant } from '../../src/model/marker.ts'
import { computeCalendar } from '../../src/plan/compute-calendar.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { driftPlan } from '../../src/plan/views.ts'
import {
  callerWith,
  currentState,
  desiredKey,
  desiredState,
  managedKey,
  marker,
  nothing,
  now,
  options,
  retiringFor,
} from '../support/build.ts'

const rule: BreakGlassRule = {
  who: ['on-call-*'],
  keys: ['ci-*'],
  permissions: ['manage_projects', 'read_results'],
  maxFor: 4 * hour,
}
const key = desiredKey()
const onCall = callerWith({ name: 'on-call-berlin' })
const asked = {
  keyId: 'ci-pipeline',
  permissions: ['manage_projects'],
  length: 2 * hour,
  reason: 'fire',
} as const

interface Case {
  readonly rules?: readonly BreakGlassRule[]
  readonly live?: ReturnType<typeof managedKey>
  readonly others?: readonly ReturnType<typeof managedKey>[]
  readonly at?: number
  readonly request?: typeof asked | { readonly [K in keyof typeof asked]: unknown } | null
  readonly caller?: typeof onCall
  readonly signing?: boolean
  readonly forbid?: readonly 'widening'[]
  readonly more?: Partial<ReturnType<typeof options>>
}

function worldOf({ rules = [rule], live = managedKey(), others = [], request = null, ...rest }: Case) {
  const { policy } = desiredState()
  const desired = desiredState([key], {
    policy: { ...policy, forbid: rest.forbid ?? [], breakGlass: rules },
    ...(rest.signing === true ? { marker: { publicKeys: ['x'], signingKey: 'Y' } } : {}),
  })
  const current = currentState([live, ...others], { caller: rest.caller ?? onCall })
  const chosen = options({ breakGlass: request as typeof asked | null, ...rest.more })
  return { desired, current, at: rest.at ?? now, chosen }
}
function planOf(given: Case) {
  const { desired, current, at, chosen } = worldOf(given)
  return computePlan(desired, current, at, chosen)
}
const given = (grant: EmergencyGrant, extra: readonly string[] = grant.permissions) =>
  managedKey(key, {
    live: { permissions: [...key.permissions, ...extra].sort() },
    marked: { grant },
  })
const grant: EmergencyGrant = { permissions: ['manage_projects'], until: now + 2 * hour }
const state = (given: Case) =>
  planOf(given).findings.flatMap(each => (each.code === 'break-glass' ? [each.state] : []))
const fields = (given: Case) =>
  planOf(given).changes.flatMap(change =>
    change.kind === 'update' ? change.fields.map(({ field, cause, widens }) => [field, cause, widens]) : [],
  )

t.test(
  'widens the head by one update, which records the grant, and does nothing else to the key',
  async t => {
    const old = managedKey(key, { live: { createdAt: now - 70 * day, id: 'key_ci-pipeline_1' } })
    const { changes, findings } = planOf({ live: old, request: asked })
    t.match(changes, [
      {
        kind: 'update',
        proof: 'signature',
        fields: [
          {
            field: 'permissions',
            desired: ['manage_projects', 'read_scenarios', 'upload_results'],
            cause: 'break-glass',
            widens: true,
          },
        ],
        mark: { event: 'granted', grant, reason: 'fire' },
      },
    ])
    t.equal(changes.length, 1, 'it is due for rotation, and that can wait')
    t.strictSame(findings, [])
    t.strictSame(planOf({ request: asked, forbid: ['widening'] }).findings, [], 'its own policy allows it')
  },
)

const refusals: readonly (readonly [string, Case, string])[] = [
  ['the policy says nothing', { rules: [] }, 'no-rule'],
  ['the caller is somebody else', { caller: callerWith({ name: 'intern' }) }, 'who'],
  ['the rule is about other keys', { rules: [{ ...rule, keys: ['web-*'] }] }, 'key'],
  [
    'the rule grants other permissions',
    { request: { ...asked, permissions: ['manage_keys'] } },
    'permission',
  ],
  [
    'one of two is too much',
    { request: { ...asked, permissions: ['manage_keys', 'read_results'] } },
    'permission',
  ],
  ['it would last too long', { request: { ...asked, length: 5 * hour } }, 'too-long'],
  ['nothing proves the key', { more: { signed: nothing } }, 'unproven'],
  [
    'it has that already',
    {
      request: { ...asked, permissions: ['upload_results'] },
      rules: [{ ...rule, permissions: ['upload_results'] }],
    },
    'has-it',
  ],
  ['it has ended', { live: managedKey(key, { live: { status: 'expired' } }) }, 'no-head'],
]
for (const [title, case_, cause] of refusals) {
  t.test(`is refused where ${title}`, async t => {
    const plan = planOf({ request: asked, ...case_ })
    t.strictSame(plan.changes, [])
    t.match(plan.findings, [{ severity: 'refusal', code: 'break-glass-refused', cause }])
  })
}

t.test('may be allowed to an account, or to a key by its id, and by one rule of several', async t => {
  const byId = { ...rule, who: ['key_caller'] }
  t.equal(planOf({ rules: [{ ...rule, maxFor: hour }, byId], request: asked }).changes.length, 1)
  const byAccount = { ...rule, who: ['acme'] }
  const caller = { account: 'acme', key: null }
  t.equal(planOf({ rules: [byAccount], request: asked, caller }).changes.length, 1)
  const halves = [
    { ...rule, maxFor: hour },
    { ...rule, who: ['x'] },
  ]
  t.match(planOf({ rules: halves, request: asked }).findings, [{ cause: 'too-long' }])
})

t.test('plans keep a grant until its end and narrow it afterwards, and never read it as drift', async t => {
  const live = given(grant)
  t.strictSame(fields({ live }), [])
  t.strictSame(state({ live }), ['active'])
  const { desired, current, chosen } = worldOf({ live })
  for (const at of [now, grant.until - 1, grant.until, grant.until + day])
    t.strictSame(driftPlan(desired, current, at, chosen).changes, [])
  t.strictSame(fields({ live, at: grant.until - 1 }), [])
  t.strictSame(fields({ live, at: grant.until }), [['permissions', 'break-glass', false]])
  t.strictSame(state({ live, at: grant.until }), ['ended'])
  t.strictSame(state({ live: given(grant, []), at: grant.until }), ['ended'], 'also once it is narrowed')
  const entries = computeCalendar(desired, current, now, now + day, chosen).entries
  t.match(entries, [{ event: 'narrows', at: grant.until, granted: 'manage_projects', reason: 'break-glass' }])
})

t.test('what somebody else adds is drift next to a grant, and a grant never gives anything back', async t => {
  t.strictSame(fields({ live: given(grant, ['manage_keys', 'manage_projects']) }), [
    ['permissions', 'drift', false],
  ])
  t.strictSame(fields({ live: given(grant, []) }), [], 'somebody took it away: it stays away')
})

t.test('a marker is only a claim: what the policy does not allow counts for nothing', async t => {
  const cases: readonly Case[] = [
    { rules: [] },
    { rules: [{ ...rule, keys: ['web'] }] },
    { rules: [{ ...rule, permissions: ['read_results'] }] },
    { rules: [{ ...rule, maxFor: hour }] },
    { signing: true, more: { signed: nothing } },
  ]
  for (const each of cases) {
    t.strictSame(state({ live: given(grant), ...each }), ['not-allowed'])
    t.strictSame(fields({ live: given(grant), ...each }), [['permissions', 'drift', false]])
  }
  t.strictSame(state({ live: given(grant), signing: true }), ['active'], 'signed, it counts')
})

t.test('a second grant goes on with the first, and a rotation leaves none', async t => {
  const request = { ...asked, permissions: ['read_results'], length: 3 * hour }
  t.match(planOf({ live: given(grant), request }).changes, [
    { mark: { grant: { permissions: ['manage_projects', 'read_results'], until: now + 3 * hour } } },
  ])
  const over = { ...grant, until: now - hour }
  const head = managedKey(key, { generation: 2 })
  const retiring = managedKey(key, {
    state: retiringFor(head.id, hour),
    live: { permissions: [...key.permissions, 'manage_projects'].sort() },
    marked: { grant: over, fields: marker().fields },
  })
  t.strictSame(state({ live: head, others: [retiring] }), [])
  t.strictSame(fields({ live: head, others: [retiring] }), [['permissions', 'break-glass', false]])
})
