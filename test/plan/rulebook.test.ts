import t from 'tap'
import type {
  Change,
  DeliveryReason,
  Plan,
  Retiring,
  RevocationReason,
  RotationReason,
} from '../../src/model/change.ts'
import { day, hour, minute } from '../../src/model/duration.ts'
import {
  days,
  desiredKey,
  envFile,
  keychain,
  liveKey,
  managedKey,
  nothing,
  now,
  otherHost,
  pruneRules,
  retiringFor,
  stack,
  unknownUse,
  usedAt,
} from '../support/build.ts'
import {
  aged,
  deliveredLongAgo,
  head,
  leaked,
  other,
  pending,
  planOf,
  retired,
  summary,
  undeclared,
  key,
  type Case,
} from '../support/plan-of.ts'

t.test('finds nothing to do for a key that is as declared, delivered and young', async t => {
  const plan = planOf({ keys: [managedKey()] })
  t.strictSame(plan, {
    platform: 'https://api.fluxloop.ai',
    account: 'acme',
    stack,
    now,
    changes: [],
    deferred: [],
    retiring: [],
    unmanaged: [],
    findings: [],
    managed: 1,
    callingKeyId: null,
    callingLiveId: null,
    homes: [{ keyId: 'ci-pipeline', owner: 'anyone', stores: [keychain] }],
    keychain: null,
    targets: { only: [], except: [] },
    consumers: [],
    view: 'changes',
  } satisfies Plan)
})

t.test('has every kind of change', async t => {
  const kinds = {
    create: { case: {}, does: ['create ci-pipeline g1'] },
    update: {
      case: { keys: [managedKey(key, { live: { name: 'CI' } })] },
      does: ['update key_ci-pipeline_1 name'],
    },
    adopt: {
      case: { desired: [desiredKey({ adopt: 'key_stranger' })], keys: [liveKey()] },
      does: ['adopt key_stranger name description scope permissions'],
    },
    rotate: { case: { keys: [aged] }, does: ['rotate key_ci-pipeline_1 g2'] },
    deliver: {
      case: { keys: [managedKey(key, { marked: { stores: ['bbbb00'] } })] },
      does: ['deliver key_ci-pipeline_1 g2'],
    },
    heal: { case: { keys: [pending(1)] }, does: ['heal key_ci-pipeline_1 g2'] },
    release: {
      case: {
        desired: [other],
        keys: [managedKey(other), undeclared()],
        state: { prune: { ...pruneRules, removed: 'retain' } },
      },
      does: ['release key_gone_1'],
    },
    revoke: {
      case: { desired: [other], keys: [managedKey(other), undeclared()] },
      does: ['revoke key_gone_1'],
    },
  } satisfies Record<Change['kind'], { case: Case; does: readonly string[] }>
  for (const [kind, row] of Object.entries(kinds)) {
    const plan = planOf(row.case)
    t.strictSame(summary(plan), row.does, kind)
    t.strictSame(
      plan.changes.map(change => change.kind),
      [kind],
    )
  }
})

t.test('gives every reason for a rotation', async t => {
  const reasons = {
    'past-max-age': {
      case: { keys: [aged] },
      says: { code: 'past-max-age', age: 70 * day, maxAge: 60 * day },
    },
    'ends-soon': {
      case: {
        desired: [desiredKey({ expires: days(75), rotation: { maxAge: null } })],
        keys: [managedKey(desiredKey({ expires: days(75) }), { live: { createdAt: now - 70 * day } })],
      },
      says: { code: 'ends-soon', end: now + 5 * day, renewBefore: 9 * day },
    },
    'ends-with-others': {
      case: {
        desired: [
          desiredKey({ rotation: { maxAge: null } }),
          desiredKey({ keyId: 'other', rotation: { maxAge: null } }),
        ],
        keys: [managedKey(key, { live: { createdAt: now - 80 * day } }), managedKey(other)],
      },
      says: { code: 'ends-with-others', end: now + 10 * day },
    },
    expired: {
      case: { keys: [managedKey(key, { live: { expiresAt: now - hour } })] },
      says: { code: 'expired', end: now - hour },
    },
    environment: {
      case: { keys: [managedKey(key, { live: { environment: 'prod' } })] },
      says: { code: 'environment', current: 'prod', desired: 'ci' },
    },
    leaked: { case: { keys: [leaked(1)] }, says: { code: 'leaked' } },
    'head-lost': { case: { keys: [retired()] }, says: { code: 'head-lost', since: deliveredLongAgo } },
    'several-heads': {
      case: { keys: [managedKey(), head()], options: { signed: nothing } },
      says: { code: 'several-heads', liveIds: ['key_ci-pipeline_2', 'key_ci-pipeline_1'] },
    },
    unproven: {
      case: { desired: [desiredKey({ scope: 'all' })], keys: [managedKey()], options: { signed: nothing } },
      says: { code: 'unproven', fields: ['scope'] },
    },
    requested: {
      case: {
        keys: [managedKey()],
        options: { rotate: new Map([['ci-pipeline', { note: 'offboarding', leaked: false }]]) },
      },
      says: { code: 'requested', note: 'offboarding' },
    },
  } satisfies {
    [Code in RotationReason['code']]: { case: Case; says: Extract<RotationReason, { code: Code }> }
  }
  for (const [code, row] of Object.entries(reasons)) {
    const [change] = planOf(row.case).changes
    t.strictSame(change?.kind === 'rotate' ? change.reasons : change, [row.says], code)
  }
})

t.test('gives every reason for a delivery', async t => {
  const delivered = {
    kind: 'delivered',
    visibleEnd: 'ab12c',
    at: now - 9 * day,
  } as const
  const reasons = {
    stale: {
      case: { keys: [managedKey(key, { state: delivered, live: { maskedKey: 'flux_ci_****...zz9xy' } })] },
      says: { code: 'stale', delivered: 'ab12c', live: 'zz9xy' },
    },
    'regenerated-elsewhere': {
      case: {
        keys: [
          managedKey(key, {
            state: delivered,
            live: { maskedKey: 'flux_ci_****...12c', regeneratedAt: now - day, expiresAt: now + 89 * day },
          }),
        ],
      },
      says: { code: 'regenerated-elsewhere', at: now - day },
    },
    overtaken: {
      case: {
        keys: [retired(), head()],
        options: { held: new Map([['ci-pipeline', new Set(['key_ci-pipeline_1'])]]) },
      },
      says: { code: 'overtaken', by: 'key_ci-pipeline_1' },
    },
    'store-added': {
      case: { desired: [desiredKey({ stores: [keychain, envFile] })], keys: [managedKey(key)] },
      says: { code: 'store-added', stores: ['env-file /srv/agents/.env (FLUXLOOP_API_KEY)'] },
    },
    'store-changed': {
      case: {
        desired: [desiredKey({ stores: [keychain, { ...envFile, hash: 'bbbb01' }] })],
        keys: [managedKey(desiredKey({ stores: [keychain, envFile] }))],
      },
      says: { code: 'store-changed', stores: ['env-file /srv/agents/.env (FLUXLOOP_API_KEY)'] },
    },
    'taken-over': {
      case: {
        keys: [managedKey(key, { marked: { host: otherHost } })],
        options: { localKeys: new Set(['ci-pipeline']), takeOver: true },
      },
      says: { code: 'taken-over' },
    },
  } satisfies {
    [Code in DeliveryReason['code']]: { case: Case; says: Extract<DeliveryReason, { code: Code }> }
  }
  for (const [code, row] of Object.entries(reasons)) {
    const [change] = planOf(row.case).changes
    t.strictSame(change?.kind === 'deliver' ? change.reasons : change, [row.says], code)
    t.equal(change?.kind === 'deliver' && change.rotates, false, code)
  }
})

t.test('gives every reason for a revocation, with the gate that it must pass', async t => {
  const gate = { quiet: day, waived: false }
  const gateOf = (code: string) => (code === 'leaked' ? { quiet: 0, waived: true } : gate)
  const reasons = {
    undeclared: {
      case: { desired: [other], keys: [managedKey(other), undeclared()] },
      says: { code: 'undeclared' },
    },
    superseded: {
      case: { keys: [retired(), head()] },
      says: { code: 'superseded', head: 2, deadline: now - 8 * day + hour },
    },
    leaked: {
      case: {
        keys: [managedKey()],
        options: { rotate: new Map([['ci-pipeline', { note: null, leaked: true }]]) },
      },
      says: { code: 'leaked', head: 2 },
    },
    abandoned: {
      case: { keys: [managedKey(key, { live: { id: 'key_head' } }), pending(1, otherHost)] },
      says: { code: 'abandoned' },
    },
    unmanaged: {
      case: { keys: [managedKey(), liveKey()], state: { prune: { ...pruneRules, unmanaged: 'revoke' } } },
      says: { code: 'unmanaged' },
    },
    unused: {
      case: {
        keys: [managedKey(), liveKey()],
        state: { prune: { ...pruneRules, unused: { after: 5 * day, action: 'revoke' } } },
      },
      says: { code: 'unused', after: 5 * day },
    },
  } satisfies {
    [Code in RevocationReason['code']]: { case: Case; says: Extract<RevocationReason, { code: Code }> }
  }
  for (const [code, row] of Object.entries(reasons)) {
    const change = planOf(row.case).changes.find(({ kind }) => kind === 'revoke')
    t.strictSame(
      change?.kind === 'revoke' ? [change.reason, change.gate] : change,
      [row.says, gateOf(code)],
      code,
    )
  }
})

t.test('says of every retiring key what it waits for', async t => {
  const inUse = usedAt(now - hour)
  const reasons = {
    grace: {
      case: { keys: [retired(), head({ createdAt: now - day })] },
      says: { code: 'grace', until: now + day + hour },
    },
    'in-use': {
      case: { keys: [retired({ lastUse: inUse }), head()] },
      says: { code: 'in-use', lastUse: inUse, quiet: day },
    },
    'usage-unknown': {
      case: { keys: [retired({ lastUse: unknownUse }), head()] },
      says: { code: 'usage-unknown' },
    },
    'successor-pending': {
      case: { keys: [retired(), head(), pending(3, otherHost, { createdAt: now - minute })] },
      says: { code: 'successor-pending' },
    },
    'another-first': {
      case: {
        keys: [
          retired(),
          managedKey(key, {
            generation: 2,
            state: retiringFor('key_ci-pipeline_3', 9 * day),
            live: { createdAt: now - 9 * day },
          }),
          managedKey(key, { generation: 3, live: { createdAt: now - 8 * day } }),
        ],
      },
      says: { code: 'another-first', liveId: 'key_ci-pipeline_1' },
    },
    'predecessor-alive': {
      case: {
        desired: [other],
        keys: [
          managedKey(other),
          head({ createdAt: now - 9 * day }),
          managedKey(key, { live: { lastUse: inUse } }),
        ],
      },
      says: { code: 'predecessor-alive', liveId: 'key_ci-pipeline_1' },
    },
    young: {
      case: {
        desired: [other],
        keys: [managedKey(other), liveKey({ id: 'key_young', createdAt: now - hour })],
        state: { prune: { ...pruneRules, unmanaged: 'revoke' } },
      },
      says: { code: 'young', until: now + day - hour },
    },
    'over-limit': {
      case: {
        desired: [other],
        keys: [managedKey(other), retired()],
        state: { limits: { revoke: 0.25, rotate: 0.25, always: 0 } },
      },
      says: { code: 'over-limit' },
    },
    'key-held': {
      case: {
        desired: [other, desiredKey({ keyId: 'stuck', name: 'Taken' })],
        keys: [managedKey(other), retired(), liveKey({ name: 'Taken' })],
      },
      says: { code: 'key-held' },
    },
  } satisfies {
    [Code in Retiring['wait']['code']]: { case: Case; says: Extract<Retiring['wait'], { code: Code }> }
  }
  for (const [code, row] of Object.entries(reasons)) {
    const plan = planOf(row.case)
    const of = code === 'predecessor-alive' || code === 'another-first' ? 2 : 1
    const [id, generation] = code === 'young' ? ['key_young', 0] : [`key_ci-pipeline_${of}`, of]
    t.strictSame(
      plan.retiring
        .filter(({ wait }) => wait.code === code)
        .map(({ live, generation, wait }) => [live.id, generation, wait]),
      [[id, generation, row.says]],
      code,
    )
    t.notOk(summary(plan).includes(`revoke ${id}`), code)
  }
})
