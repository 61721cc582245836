import assert from 'node:assert/strict'
import { cases } from '../support/fuzz.ts'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { emptyAuditPolicy } from '../../src/model/audit-policy.ts'
import { type Plan, isHeldInPart, isRefused } from '../../src/model/change.ts'
import { day, hour } from '../../src/model/duration.ts'
import { isTargeted, strayPatterns } from '../../src/model/targets.ts'
import { widenedFields } from '../../src/model/widening.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { desiredKey, desiredState, liveKey, managedKey, now, sealed } from '../support/build.ts'
import { aged, codes, key, other, pending, planOf, summary, undeclared } from '../support/plan-of.ts'
import { anyWorld } from '../support/worlds.ts'

const everything = { only: [], except: [] }

t.test('chooses keys by id and pattern, and an exception wins', async t => {
  const rows: readonly (readonly [only: string, except: string, chosen: string])[] = [
    ['', '', 'ci-a ci-b backup'],
    ['ci-a', '', 'ci-a'],
    ['ci-*', '', 'ci-a ci-b'],
    ['ci-? backup', '', 'ci-a ci-b backup'],
    ['', 'ci-*', 'backup'],
    ['ci-*', '*-b', 'ci-a'],
    ['*', '*', ''],
    ['c', '', ''],
  ]
  const words = (text: string) => text.split(' ').filter(word => word !== '')
  for (const [only, except, chosen] of rows) {
    const targets = { only: words(only), except: words(except) }
    const found = ['ci-a', 'ci-b', 'backup'].filter(keyId => isTargeted(targets, keyId))
    t.strictSame(found, words(chosen), `--only ${only} --except ${except}`)
  }
  t.strictSame(strayPatterns({ only: ['a*', 'x'], except: ['y?'] }, ['ab']), ['x', 'y?'])
})

t.test('leaves out whatever is about other keys, and prunes none of them', async t => {
  const world = {
    desired: [key, other],
    keys: [aged, undeclared(), liveKey()],
    options: { targets: { only: ['ci-pipeline'], except: [] } },
  }
  const plan = planOf(world)
  t.strictSame(summary(plan), ['rotate key_ci-pipeline_1 g2'])
  t.strictSame(plan.unmanaged, [])
  t.equal(plan.managed, 2, 'the stack is as large as it was')
  t.strictSame(plan.targets, { only: ['ci-pipeline'], except: [] })
  t.strictSame(summary(planOf({ ...world, options: { targets: { only: ['gone'], except: [] } } })), [
    'revoke key_gone_1',
  ])
})

t.test('prunes an unmanaged key in a run of chosen keys only where it is named by its very id', async t => {
  const world = {
    keys: [managedKey(), liveKey()],
    state: { prune: { ...desiredState().prune, unmanaged: 'revoke' } },
  } as const
  const revoked = (only: string, except = 'zzz') =>
    summary(planOf({ ...world, options: { targets: { only: [only], except: [except] } } }))
  t.strictSame(revoked('key_stranger'), ['revoke key_stranger'])
  t.strictSame(revoked('*'), [])
  t.strictSame(revoked('key_stranger', 'key_*'), [])
})

t.test('counts against the limits what is left, as a share of the whole stack', async t => {
  const gone = Array.from({ length: 6 }, (_, index) => desiredKey({ keyId: `gone-${index}` }))
  const keys = [managedKey(), ...gone.map(each => managedKey(each))]
  t.strictSame(codes(planOf({ keys })), ['limit'])
  t.strictSame(
    codes(planOf({ keys, options: { targets: { only: ['gone-[0-1]', 'gone-0'], except: [] } } })),
    [],
  )
})

t.test('plans for a chosen key what a plan of all keys has for it, due days included', async () => {
  const about = (plan: Plan, keyIds: readonly string[]) => ({
    changes: plan.changes.filter(({ keyId }) => keyIds.includes(keyId)),
    retiring: plan.retiring.filter(({ keyId }) => keyIds.includes(keyId)),
  })
  fc.assert(
    fc.property(anyWorld, fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1 }), (world, only) => {
      const { desired, current, options } = world
      const planFor = (targets: typeof everything | { only: string[]; except: string[] }) =>
        computePlan(desired, current, now, { ...options, targets })
      const [targeted, whole] = [planFor({ only, except: [] }), planFor(everything)]
      // Limits, and the trouble of one key, are about all keys that a plan is about.
      fc.pre(![targeted, whole].some(isHeldInPart) && whole.deferred.length === 0)
      assert.deepEqual(about(targeted, only), about(whole, only))
      assert.ok(targeted.changes.every(({ keyId }) => only.includes(keyId)))
    }),
    { numRuns: cases(500) },
  )
})

t.test('knows every way in which a change grants more', async t => {
  const narrow = { scope: ['customer-support-bot'], permissions: ['read_scenarios'] } as const
  const never = desiredKey({ expires: { kind: 'never' } })
  const old = { createdAt: now - 70 * day }
  const rows = {
    create: { case: {}, fields: [] },
    update: { case: { keys: [managedKey(key, { live: narrow })] }, fields: ['scope', 'permissions'] },
    'update of the end': {
      case: { keys: [managedKey(key, { live: { expiresAt: now + 20 * day } })] },
      fields: ['expires'],
    },
    'update that narrows': { case: { keys: [managedKey(key, { live: { scope: 'all' } })] }, fields: [] },
    'update of the name': { case: { keys: [managedKey(key, { live: { name: 'CI' } })] }, fields: [] },
    rotate: {
      case: { keys: [managedKey(key, { live: { ...old, ...narrow } })] },
      fields: ['scope', 'permissions'],
    },
    'rotate as it was': { case: { keys: [aged] }, fields: [] },
    'rotate into a key without end': {
      case: { desired: [never], keys: [managedKey(never, { live: { ...old, expiresAt: now + day } })] },
      fields: ['expires'],
    },
    deliver: {
      case: { keys: [managedKey(key, { marked: { stores: [] }, live: narrow })] },
      fields: ['scope', 'permissions'],
    },
    'deliver by a successor': {
      case: {
        desired: [desiredKey({ stores: [sealed] })],
        keys: [managedKey(desiredKey({ stores: [sealed] }), { marked: { stores: [] }, live: narrow })],
      },
      fields: ['scope', 'permissions'],
    },
    heal: { case: { keys: [pending(1, undefined, narrow)] }, fields: ['scope', 'permissions'] },
    'heal of an older one': {
      case: { keys: [pending(2, undefined, { createdAt: now - hour }), pending(1, undefined, narrow)] },
      fields: ['scope', 'permissions'],
    },
    'heal with a later end': {
      case: { keys: [pending(1, undefined, { expiresAt: now + 20 * day })] },
      fields: ['expires'],
    },
    revoke: { case: { desired: [other], keys: [managedKey(other), undeclared()] }, fields: [] },
  }
  for (const [title, row] of Object.entries(rows)) {
    const [change] = planOf(row.case).changes
    t.equal(change?.kind, title.split(' ')[0], title)
    t.strictSame(change && widenedFields(change), row.fields, title)
  }
})

t.test('refuses what grants more where that is forbidden, unless this run allows it', async t => {
  const keys = [managedKey(key, { live: { permissions: ['read_scenarios'] } })]
  const policy = { policy: { forbid: ['widening'], breakGlass: [], audit: emptyAuditPolicy } } as const
  const by = (plan: Plan) =>
    plan.findings.flatMap(finding => (finding.code === 'widening-forbidden' ? [finding.by] : []))
  t.strictSame(by(planOf({ keys })), [])
  t.strictSame(by(planOf({ keys, options: { widening: 'forbid' } })), ['flag'])
  t.strictSame(by(planOf({ keys, state: policy })), ['policy'])
  t.strictSame(by(planOf({ keys, state: policy, options: { widening: 'forbid' } })), ['policy'])
  t.strictSame(by(planOf({ keys, state: policy, options: { widening: 'allow' } })), [])
  t.notOk(isRefused(planOf({ state: policy })), 'a key that is made widens nothing')
  t.notOk(isRefused(planOf({ state: policy, keys: [managedKey(key, { live: { permissions: ['*'] } })] })))
})
