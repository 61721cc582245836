import type { Change, Plan, Retiring } from '../../src/model/change.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { FieldChange } from '../../src/model/field-change.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { noRemoval } from '../../src/model/removal.ts'
import { desiredKey, emptyPlan, liveKey, managed, now } from './sample-plan.ts'

const unmanaged: LiveKey['ownership'] = { kind: 'unmanaged' }
const neverUsed = { known: true, at: null, ip: null, location: null, userAgent: null } as const
const quietGate = { quiet: 24 * hour, waived: false } as const

function create(keyId: string, name: string, rest: Parameters<typeof desiredKey>[1] = {}): Change {
  return { kind: 'create', keyId, generation: 1, desired: desiredKey(keyId, { name, ...rest }) }
}

function update(keyId: string, ...fields: readonly FieldChange[]): Change {
  return {
    kind: 'update',
    keyId,
    desired: desiredKey(keyId),
    live: liveKey(`key_${keyId}`),
    superseded: false,
    fields,
    mark: { event: 'updated' },
    proof: 'store',
    removal: noRemoval,
  }
}

function rotate(keyId: string, rest: Partial<Extract<Change, { readonly kind: 'rotate' }>> = {}): Change {
  const live = liveKey(`key_${keyId}`)
  return {
    kind: 'rotate',
    strategy: 'overlap',
    keyId,
    desired: desiredKey(keyId, { description: live.description }),
    live,
    generation: 2,
    fields: [],
    reasons: [{ code: 'past-max-age', age: 75 * day, maxAge: 60 * day }],
    leaked: [],
    predecessors: [live],
    removal: noRemoval,
    ...rest,
  }
}

const retiring: readonly Retiring[] = [
  {
    keyId: 'nightly-simulations',
    live: liveKey('key_nightly1'),
    generation: 1,
    reason: { code: 'superseded', head: 2, deadline: now + 20 * hour },
    wait: { code: 'grace', until: now + 20 * hour },
  },
  {
    keyId: 'report-mailer',
    live: liveKey('key_mailer1'),
    generation: 3,
    reason: { code: 'superseded', head: 4, deadline: now - 2 * day },
    wait: { code: 'in-use', lastUse: liveKey('key_x').lastUse, quiet: 24 * hour },
  },
]

/** Of 20 keys: 4 are created, 5 updated, 3 rotated and 2 revoked, 2 retire, 3 are unmanaged, and 1 stays as it is. */
export const twentyKeys: Plan = {
  ...emptyPlan,
  managed: 15,
  changes: [
    create('analytics-export', 'Analytics Export', {
      scope: ['analytics-agent'],
      permissions: ['read_results'],
    }),
    update('billing-agent', {
      field: 'permissions',
      current: ['delete_scenarios', 'read_scenarios', 'upload_results'],
      desired: ['read_results', 'read_scenarios', 'upload_results'],
      cause: 'changed',
      widens: true,
    }),
    create('ci-pipeline', 'CI/CD Pipeline'),
    update(
      'customer-support-bot',
      {
        field: 'name',
        current: 'Support Bot',
        desired: 'Customer Support Bot',
        cause: 'changed',
        widens: false,
      },
      {
        field: 'scope',
        current: ['analytics-agent', 'customer-support-bot'],
        desired: ['customer-support-bot'],
        cause: 'drift',
        widens: false,
      },
    ),
    rotate('deploy-preview'),
    update('docs-agent', {
      field: 'description',
      current: 'Docs',
      desired: 'Answers questions about the docs',
      cause: 'drift',
      widens: false,
    }),
    {
      kind: 'revoke',
      keyId: 'legacy-importer',
      live: liveKey('key_legacy', { name: 'Legacy Importer', lastUse: neverUsed, ownership: managed(4) }),
      generation: 4,
      reason: { code: 'undeclared' },
      gate: quietGate,
    },
    create('load-test', 'Load Test', { scope: 'all', expires: { kind: 'never' } }),
    update('onboarding-agent', {
      field: 'expires',
      current: now + 15 * day,
      desired: null,
      cause: 'changed',
      widens: true,
    }),
    update('qa-bench', { field: 'protect', current: false, desired: true, cause: 'changed', widens: false }),
    rotate('release-gate', {
      strategy: 'in-place',
      predecessors: [],
      reasons: [{ code: 'ends-soon', end: now + 3 * day, renewBefore: 9 * day }],
    }),
    {
      kind: 'revoke',
      keyId: 'sales-assistant',
      live: liveKey('key_sales2', { name: 'Sales Assistant', lastUse: { ...neverUsed, at: now - 3 * day } }),
      generation: 2,
      reason: { code: 'superseded', head: 3, deadline: now - 2 * day },
      gate: quietGate,
    },
    rotate('staging-smoke-test', { reasons: [{ code: 'leaked' }] }),
    create('weekly-report', 'Weekly Report', { permissions: ['read_results', 'read_scenarios'] }),
  ],
  retiring,
  unmanaged: [
    liveKey('key_9f2c', { name: 'Admin Key', ownership: unmanaged, permissions: ['*'], expiresAt: null }),
    liveKey('key_a01b', { name: 'Backup Key', ownership: unmanaged, lastUse: neverUsed }),
    liveKey('key_c77e', { name: 'My Laptop', ownership: unmanaged, lastUse: { known: false } }),
  ],
}
