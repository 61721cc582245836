import type {
  Change,
  DeliveryReason,
  Plan,
  Retiring,
  RevocationReason,
  RotationReason,
  PendingKey,
} from '../../src/model/change.ts'
import type { FieldChange } from '../../src/model/field-change.ts'
import { type Removal, noRemoval } from '../../src/model/removal.ts'
import type { Finding } from '../../src/model/finding.ts'
import type { DesiredKey } from '../../src/model/desired.ts'
import { day, hour, minute } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Marker, MarkerState } from '../../src/model/marker.ts'

export const now = Date.parse('2026-11-22T14:05:00Z')

const keychain = {
  spec: { kind: 'keychain', service: 'fluxloop', account: 'acme-agents/ci-pipeline', fallback: null },
  hash: 'a1b200',
} as const

export function desiredKey(keyId: string, rest: Partial<DesiredKey> = {}): DesiredKey {
  return {
    keyId,
    name: 'CI/CD Pipeline',
    description: 'Nightly simulations in GitHub Actions',
    owner: 'platform-team',
    environment: 'ci',
    scope: ['customer-support-bot', 'sales-assistant'],
    permissions: ['read_scenarios', 'upload_results'],
    grants: [],
    expires: { kind: 'period', length: 90 * day },
    rotation: {
      strategy: 'overlap',
      maxAge: 60 * day,
      grace: 48 * hour,
      quiet: 24 * hour,
      renewBefore: 9 * day,
    },
    stores: [keychain],
    keepRemoved: false,
    protect: false,
    previously: null,
    adopt: null,
    exceptions: [],
    consumers: [],
    position: { file: 'fluxloop-keys.yaml', line: 12, column: 3 },
    ...rest,
  }
}

function marker(generation: number, state: MarkerState): Marker {
  const fields = {
    name: '00',
    description: '00',
    scope: '00',
    permissions: '00',
    expires: '00',
    environment: '00',
  }
  return {
    stack: 'acme-agents',
    keyId: 'ci-pipeline',
    generation,
    nonce: 'abcdefghij',
    binding: { kind: 'moment', at: now - 75 * day },
    state,
    host: null,
    fields,
    stores: ['a1b200'],
    formerStores: [],
    protected: false,
    grant: null,
    signature: null,
  }
}

export function managed(generation: number, kind: 'pending' | 'leaked' = 'pending'): LiveKey['ownership'] {
  return { kind: 'managed', marker: marker(generation, { kind }) }
}

/** Made, and not delivered. */
function pendingKey(id: string, rest: Partial<LiveKey> = {}): PendingKey {
  return { live: liveKey(id, rest), fields: [], narrowing: [] }
}

export function liveKey(id: string, rest: Partial<LiveKey> = {}): LiveKey {
  return {
    id,
    name: 'CI/CD Pipeline',
    description: 'Nightly runs in GitHub Actions',
    ownership: managed(1),
    maskedKey: 'flux_ci_****...mno34',
    environment: 'ci',
    scope: ['customer-support-bot', 'sales-assistant'],
    permissions: ['read_scenarios', 'upload_results'],
    createdAt: now - 75 * day,
    regeneratedAt: null,
    expiresAt: now + 15 * day,
    lastUse: {
      known: true,
      at: now - 2 * hour,
      ip: '203.0.113.7',
      location: 'Berlin',
      userAgent: 'GitHub-Actions/2.3',
    },
    status: 'active',
    version: '7',
    ...rest,
  }
}

const neverUsed = { known: true, at: null, ip: null, location: null, userAgent: null } as const
const usedLongAgo = { ...neverUsed, at: now - 3 * day } as const
const gate = { quiet: 24 * hour, waived: false }

const fields: { readonly [F in FieldChange['field']]: Extract<FieldChange, { readonly field: F }> } = {
  name: { field: 'name', current: 'Sales Bot', desired: 'Sales Assistant', cause: 'changed', widens: false },
  description: {
    field: 'description',
    current: 'Nightly runs in GitHub Actions',
    desired: 'Nightly simulations in GitHub Actions',
    cause: 'both',
    widens: false,
  },
  scope: {
    field: 'scope',
    current: ['analytics-agent', 'customer-support-bot'],
    desired: ['customer-support-bot', 'sales-assistant'],
    cause: 'drift',
    widens: true,
  },
  permissions: {
    field: 'permissions',
    current: ['delete_scenarios', 'read_scenarios', 'upload_results'],
    desired: ['read_scenarios', 'upload_results'],
    cause: 'drift',
    widens: false,
  },
  expires: { field: 'expires', current: now + 15 * day, desired: null, cause: 'changed', widens: true },
  protect: { field: 'protect', current: false, desired: true, cause: 'changed', widens: false },
  state: { field: 'state', current: 'delivered', desired: 'retiring', cause: 'drift', widens: false },
  signature: {
    field: 'signature',
    current: 'none',
    desired: 'by the present key',
    cause: 'asked',
    widens: false,
  },
  'key id': { field: 'key id', current: 'sales', desired: 'sales-bot', cause: 'changed', widens: false },
  stack: { field: 'stack', current: 'acme-bots', desired: 'acme-agents', cause: 'changed', widens: false },
}

const rotationReasons: {
  readonly [C in RotationReason['code']]: Extract<RotationReason, { readonly code: C }>
} = {
  'past-max-age': { code: 'past-max-age', age: 75 * day, maxAge: 60 * day },
  'ends-soon': { code: 'ends-soon', end: now + 3 * day, renewBefore: 9 * day },
  'ends-with-others': { code: 'ends-with-others', end: now + 25 * day },
  expired: { code: 'expired', end: now - 2 * day },
  environment: { code: 'environment', current: 'dev', desired: 'ci' },
  leaked: { code: 'leaked' },
  'head-lost': { code: 'head-lost', since: now - 5 * hour },
  'several-heads': { code: 'several-heads', liveIds: ['key_ci1', 'key_ci2'] },
  unproven: { code: 'unproven', fields: ['scope', 'permissions'] },
  requested: { code: 'requested', note: 'an engineer left' },
}

const deliveryReasons: {
  readonly [C in DeliveryReason['code']]: Extract<DeliveryReason, { readonly code: C }>
} = {
  stale: { code: 'stale', delivered: 'ab12c', live: 'zz9xy' },
  'regenerated-elsewhere': { code: 'regenerated-elsewhere', at: now - 5 * hour },
  overtaken: { code: 'overtaken', by: 'key_ci1' },
  'store-added': { code: 'store-added', stores: ['env-file /home/dev/agents/.env (FLUXLOOP_API_KEY)'] },
  'store-changed': { code: 'store-changed', stores: ['age-file /home/dev/agents/secrets/ci.age'] },
  'taken-over': { code: 'taken-over' },
}

/** Out of an env file that left the declaration. */
const removal: Removal = {
  ...noRemoval,
  from: [
    {
      hash: 'cccc00',
      spec: {
        kind: 'env-file',
        path: '/home/dev/agents/old.env',
        name: 'FLUXLOOP_API_KEY',
        declaredIn: '/home/dev/agents',
      },
    },
  ],
}

const revocationReasons: {
  readonly [C in RevocationReason['code']]: Extract<RevocationReason, { readonly code: C }>
} = {
  undeclared: { code: 'undeclared' },
  abandoned: { code: 'abandoned' },
  superseded: { code: 'superseded', head: 3, deadline: now - 2 * day - 4 * hour },
  leaked: { code: 'leaked', head: 2 },
  unmanaged: { code: 'unmanaged' },
  unused: { code: 'unused', after: 90 * day },
}

/** Every kind of change with every reason; the type makes sure that a new kind is added here. */
const changes: { readonly [K in Change['kind']]: readonly Extract<Change, { readonly kind: K }>[] } = {
  create: [
    {
      kind: 'create',
      keyId: 'backup-service',
      generation: 1,
      desired: desiredKey('backup-service', {
        name: 'Backup Service',
        description: '',
        owner: null,
        environment: null,
        scope: 'all',
        permissions: ['read_scenarios'],
        expires: { kind: 'never' },
        protect: true,
        stores: [
          {
            spec: {
              kind: 'keychain',
              service: 'fluxloop',
              account: 'acme-agents/backup-service',
              fallback: {
                kind: 'age-file',
                declaredIn: '/srv',
                path: '/home/dev/agents/keys.age',
                recipients: [],
                identity: null,
                shared: false,
              },
            },
            hash: '000100',
          },
          {
            spec: {
              kind: 'env-file',
              path: '/home/dev/agents/.env',
              name: 'BACKUP_KEY',
              declaredIn: '/home/dev/agents',
            },
            hash: '000200',
          },
        ],
      }),
    },
  ],
  adopt: [
    {
      kind: 'adopt',
      keyId: 'support-bot',
      desired: desiredKey('support-bot'),
      live: liveKey('key_support', { ownership: { kind: 'unmanaged' } }),
      generation: 1,
      fields: [fields.scope],
    },
    {
      kind: 'adopt',
      keyId: 'taken-as-it-is',
      desired: desiredKey('taken-as-it-is'),
      live: liveKey('key_taken', { ownership: { kind: 'unmanaged' }, lastUse: neverUsed }),
      generation: 1,
      fields: [],
    },
  ],
  update: [
    {
      kind: 'update',
      keyId: 'sales-bot',
      desired: desiredKey('sales-bot'),
      live: liveKey('key_sales'),
      superseded: false,
      fields: Object.values(fields).filter(({ field }) => field !== 'state'),
      mark: { event: 'updated' },
      proof: 'store',
      removal: { ...removal, forgotten: ['dddd00'] },
    },
    {
      kind: 'update',
      keyId: 'sales-bot',
      desired: desiredKey('sales-bot'),
      live: liveKey('key_sales_old'),
      superseded: true,
      fields: [fields.permissions],
      mark: { event: 'narrowed' },
      proof: null,
      removal: noRemoval,
    },
    {
      kind: 'update',
      keyId: 'backup',
      desired: desiredKey('backup'),
      live: liveKey('key_backup'),
      superseded: false,
      fields: [fields.stack, fields['key id']],
      mark: { event: 'narrowed' },
      proof: null,
      removal: noRemoval,
    },
    {
      kind: 'update',
      keyId: 'backup',
      desired: desiredKey('backup'),
      live: liveKey('key_backup_old'),
      superseded: true,
      fields: [fields.permissions, fields.stack],
      mark: { event: 'narrowed' },
      proof: null,
      removal: noRemoval,
    },
    {
      kind: 'update',
      keyId: 'moved-out',
      desired: desiredKey('moved-out', { keepRemoved: true }),
      live: liveKey('key_moved_out'),
      superseded: false,
      fields: [],
      mark: { event: 'updated' },
      proof: null,
      removal: { ...noRemoval, forgotten: ['dddd00'] },
    },
    {
      kind: 'update',
      keyId: 'twice-delivered',
      desired: desiredKey('twice-delivered'),
      live: liveKey('key_twice1'),
      superseded: true,
      fields: [fields.state],
      mark: { event: 'retired', successor: 'key_twice2' },
      proof: null,
      removal: noRemoval,
    },
    {
      kind: 'update',
      keyId: 'unmarked',
      desired: desiredKey('unmarked'),
      live: liveKey('key_unmarked'),
      superseded: false,
      fields: [{ ...fields.state, current: 'no marker', desired: 'delivered' }],
      mark: { event: 'recognised', generation: 3 },
      proof: null,
      removal: noRemoval,
    },
  ],
  rotate: [
    {
      kind: 'rotate',
      strategy: 'overlap',
      keyId: 'nightly-simulations',
      desired: desiredKey('nightly-simulations', {
        permissions: ['read_results', 'read_scenarios', 'upload_results'],
      }),
      live: liveKey('key_nightly', { environment: 'dev' }),
      generation: 2,
      fields: [],
      reasons: Object.values(rotationReasons),
      leaked: [],
      predecessors: [],
      removal,
    },
    {
      kind: 'rotate',
      strategy: 'in-place',
      keyId: 'weekly-report',
      desired: desiredKey('weekly-report', { description: 'Nightly runs in GitHub Actions' }),
      live: liveKey('key_weekly'),
      generation: 2,
      fields: [],
      reasons: [{ code: 'past-max-age', age: 47 * day + 5 * hour, maxAge: 60 * day }],
      leaked: [],
      predecessors: [],
      removal: noRemoval,
    },
  ],
  deliver: [
    {
      kind: 'deliver',
      strategy: 'overlap',
      keyId: 'staging-bot',
      desired: desiredKey('staging-bot'),
      live: liveKey('key_staging', { maskedKey: 'flux_stg_****...zz9xy' }),
      generation: 2,
      rotates: false,
      fields: [fields.scope],
      narrowing: [],
      predecessors: [],
      reasons: Object.values(deliveryReasons),
      removal,
    },
    {
      kind: 'deliver',
      strategy: 'overlap',
      keyId: 'vault-bot',
      desired: desiredKey('vault-bot'),
      live: liveKey('key_vault'),
      generation: 5,
      rotates: true,
      fields: [],
      narrowing: [],
      predecessors: [],
      reasons: [deliveryReasons.stale],
      removal: noRemoval,
    },
  ],
  heal: [
    {
      kind: 'heal',
      keyId: 'half-done',
      desired: desiredKey('half-done'),
      pending: [pendingKey('key_half2', { createdAt: now - hour }), pendingKey('key_half1')],
      generation: 3,
      excess: [],
      predecessors: [],
      removal,
    },
    {
      kind: 'heal',
      keyId: 'stuck',
      desired: desiredKey('stuck'),
      pending: [pendingKey('key_stuck', { createdAt: now - hour })],
      generation: null,
      excess: [],
      predecessors: [],
      removal: noRemoval,
    },
  ],
  release: [
    {
      kind: 'release',
      keyId: 'handed-over',
      live: liveKey('key_handed', { name: 'Handed over' }),
      generation: 3,
    },
  ],
  revoke: [
    {
      kind: 'revoke',
      keyId: 'key_nobody',
      live: liveKey('key_nobody', {
        name: 'Old test key',
        lastUse: neverUsed,
        ownership: { kind: 'unmanaged' },
      }),
      generation: 0,
      reason: revocationReasons.unused,
      gate,
    },
    {
      kind: 'revoke',
      keyId: 'key_stray',
      live: liveKey('key_stray', { name: 'Stray', lastUse: usedLongAgo, ownership: { kind: 'unmanaged' } }),
      generation: 0,
      reason: revocationReasons.unmanaged,
      gate,
    },
    {
      kind: 'revoke',
      keyId: 'old-bot',
      live: liveKey('key_old', { name: 'Old Development Key', lastUse: neverUsed }),
      generation: 1,
      reason: revocationReasons.undeclared,
      gate,
    },
    {
      kind: 'revoke',
      keyId: 'old-bot',
      live: liveKey('key_busy'),
      generation: 2,
      reason: revocationReasons.undeclared,
      gate: { ...gate, waived: true },
    },
    {
      kind: 'revoke',
      keyId: 'weekly-report',
      live: liveKey('key_weekly1', { lastUse: usedLongAgo }),
      generation: 2,
      reason: revocationReasons.superseded,
      gate,
    },
    {
      kind: 'revoke',
      keyId: 'weekly-report',
      live: liveKey('key_weekly0', {
        ownership: managed(1, 'leaked'),
        lastUse: { known: false },
        status: 'expired',
      }),
      generation: 1,
      reason: revocationReasons.superseded,
      gate,
    },
  ],
}

const waits: { readonly [C in Retiring['wait']['code']]: Extract<Retiring['wait'], { readonly code: C }> } = {
  grace: { code: 'grace', until: now + 44 * hour },
  'in-use': { code: 'in-use', lastUse: liveKey('key_x').lastUse, quiet: 24 * hour },
  'usage-unknown': { code: 'usage-unknown' },
  'successor-pending': { code: 'successor-pending' },
  'another-first': { code: 'another-first', liveId: 'key_abc123' },
  'predecessor-alive': { code: 'predecessor-alive', liveId: 'key_abc123' },
  young: { code: 'young', until: now + 20 * hour },
  'over-limit': { code: 'over-limit' },
  'key-held': { code: 'key-held' },
}

const findings: { readonly [C in Finding['code']]: readonly Extract<Finding, { readonly code: C }>[] } = {
  'rename-held': [
    {
      severity: 'held',
      code: 'rename-held',
      keyId: 'sales-bot',
      cause: 'both-live',
      names: [
        { name: 'acme-agents/sales-bot', liveIds: ['key_sb'] },
        { name: 'acme-agents/sales', liveIds: ['key_s1', 'key_s2'] },
      ],
      until: null,
    },
    {
      severity: 'held',
      code: 'rename-held',
      keyId: 'backup',
      cause: 'still-made',
      names: [
        { name: 'acme-agents/backup', liveIds: ['key_b1'] },
        { name: 'acme-bots/backup', liveIds: ['key_b2'] },
      ],
      until: null,
    },
    {
      severity: 'held',
      code: 'rename-held',
      keyId: 'backup',
      cause: 'being-made',
      names: [{ name: 'acme-bots/backup', liveIds: ['key_b2'] }],
      until: now + 10 * minute,
    },
  ],
  'made-by-other-stack': [
    {
      severity: 'warning',
      code: 'made-by-other-stack',
      stack: 'acme-bots',
      keyIds: ['backup', 'ci-pipeline', 'sales-bot'],
      liveIds: ['key_b1', 'key_c1', 'key_s1'],
    },
  ],
  'left-in-former-stack': [
    { severity: 'warning', code: 'left-in-former-stack', stack: 'acme-bots', keyIds: ['old-export'] },
    { severity: 'warning', code: 'left-in-former-stack', stack: 'acme-robots', keyIds: ['a', 'b'] },
  ],
  'store-left': [
    { cause: 'not-found', count: 1, stores: [] } as const,
    { cause: 'not-found', count: 2, stores: [] } as const,
    { cause: 'other-host', count: 1, stores: ['keychain fluxloop/acme/ci'] } as const,
    { cause: 'cannot-remove', count: 1, stores: ['exec put-secret'] } as const,
  ].map(each => ({
    severity: 'warning',
    code: 'store-left',
    keyId: 'ci-pipeline',
    liveId: 'key_ci',
    ...each,
  })),
  'policy-failed': [
    {
      severity: 'refusal',
      code: 'policy-failed',
      failOn: 'medium',
      found: [
        { keyId: 'ci-pipeline', rule: 'no-expiry' },
        { keyId: 'ci-pipeline', rule: 'can-manage-keys' },
        { keyId: 'sales bot', rule: 'lifetime-too-long' },
      ],
    },
  ],
  'not-rotated': (['not-adopted', 'date-past', 'pending', 'other-host', 'key-unreadable'] as const).map(
    cause => ({
      severity: 'held',
      code: 'not-rotated',
      keyId: 'ci-pipeline',
      cause,
    }),
  ),
  'cannot-adopt': [
    { cause: 'not-found', liveIds: [], owner: null, suggestion: 'key_abc123' } as const,
    { cause: 'not-found', liveIds: [], owner: null, suggestion: null } as const,
    { cause: 'ambiguous', liveIds: ['key_a', 'key_b'], owner: null, suggestion: null } as const,
    { cause: 'managed', liveIds: ['key_a'], owner: 'other-team/bot', suggestion: null } as const,
    { cause: 'unreadable', liveIds: ['key_a'], owner: null, suggestion: null } as const,
    { cause: 'claimed-twice', liveIds: ['key_a'], owner: null, suggestion: null } as const,
  ].map(rest => ({
    severity: 'held',
    code: 'cannot-adopt',
    keyId: 'adopter',
    adopt: 'key_abc124',
    ...rest,
  })),
  'adopt-ignored': [{ severity: 'warning', code: 'adopt-ignored', keyId: 'adopter', liveId: 'key_abc123' }],
  'rotate-by-hand': [
    {
      severity: 'warning',
      code: 'rotate-by-hand',
      keyId: 'adopter',
      liveId: 'key_abc123',
      cause: 'environment',
      at: null,
    },
    {
      severity: 'warning',
      code: 'rotate-by-hand',
      keyId: 'adopter',
      liveId: 'key_abc123',
      cause: 'ends',
      at: now + 3 * day,
    },
    {
      severity: 'warning',
      code: 'rotate-by-hand',
      keyId: 'adopter',
      liveId: 'key_abc123',
      cause: 'will-end',
      at: now + 60 * day,
    },
  ],
  'end-withheld': [
    {
      severity: 'warning',
      code: 'end-withheld',
      keyId: 'adopter',
      liveId: 'key_abc123',
      cause: 'adopted',
      wanted: now - 10 * day,
      current: null,
    },
    {
      severity: 'warning',
      code: 'end-withheld',
      keyId: 'trial',
      liveId: 'key_trial',
      cause: 'fixed-date',
      wanted: now - 6 * day,
      current: now + 40 * day,
    },
  ],
  'calling-key': [
    { severity: 'warning', code: 'calling-key', keyId: 'deployer', liveId: 'key_me', action: 'revoke' },
    { severity: 'warning', code: 'calling-key', keyId: 'deployer', liveId: 'key_me', action: 'narrow' },
  ],
  protected: [{ severity: 'warning', code: 'protected', keyId: 'backup', liveId: 'key_backup' }],
  'other-host': [
    { severity: 'warning', code: 'other-host', keyId: 'laptop', liveId: 'key_laptop', action: 'heal' },
    { severity: 'warning', code: 'other-host', keyId: 'laptop', liveId: 'key_laptop', action: 'deliver' },
    { severity: 'warning', code: 'other-host', keyId: 'laptop', liveId: 'key_laptop', action: 'rotate' },
  ],
  'being-made': [false, true].map(lacksSuccessor => ({
    severity: 'warning',
    code: 'being-made',
    keyId: 'fresh',
    liveId: 'key_fresh',
    until: now + 9 * minute,
    lacksSuccessor,
  })),
  'not-live': [{ severity: 'warning', code: 'not-live', keyIds: ['new-bot', 'newer-bot'] }],
  'date-near': [{ severity: 'warning', code: 'date-near', keyId: 'trial', at: now + 6 * day }],
  'break-glass-refused': (
    ['no-rule', 'who', 'key', 'permission', 'too-long', 'no-head', 'has-it', 'unproven'] as const
  ).map(cause => ({
    severity: 'refusal',
    code: 'break-glass-refused',
    keyId: 'trial',
    permissions: ['manage_projects'],
    cause,
  })),
  'break-glass': (['active', 'ended', 'not-allowed'] as const).map(state => ({
    severity: 'warning',
    code: 'break-glass',
    keyId: 'trial',
    liveId: 'key_trial',
    permissions: ['manage_keys', 'manage_projects'],
    until: state === 'ended' ? now - 2 * hour : now + 2 * hour,
    state,
  })),
  'grant-near': [
    {
      severity: 'warning',
      code: 'grant-near',
      keyId: 'trial',
      grant: 'permission',
      name: 'manage_projects',
      until: now + 6 * day,
      reason: 'migration',
    },
    {
      severity: 'warning',
      code: 'grant-near',
      keyId: 'trial',
      grant: 'project',
      name: 'sales-assistant',
      until: now + 6 * day,
      reason: 'pilot',
    },
  ],
  'date-past': [{ severity: 'warning', code: 'date-past', keyId: 'trial', at: now - 6 * day }],
  'unused-declared': [
    { severity: 'warning', code: 'unused-declared', keyId: 'idle', liveId: 'key_idle', after: 90 * day },
  ],
  'marker-copied': [
    {
      severity: 'warning',
      code: 'marker-copied',
      keyId: 'ci-pipeline',
      liveId: 'key_copy',
      name: 'Copied Key',
    },
  ],
  unproven: [
    { severity: 'warning', code: 'unproven', keyId: 'ci-pipeline', liveId: 'key_ci', fields: ['scope'] },
  ],
  'not-signed': [{ severity: 'warning', code: 'not-signed', keyId: 'ci-pipeline', liveId: 'key_ci' }],
  'not-narrowed': [
    {
      severity: 'warning',
      code: 'not-narrowed',
      keyId: 'ci-pipeline',
      liveId: 'key_ci',
      fields: ['permissions'],
    },
  ],
  'marker-unreadable': [
    { severity: 'warning', code: 'marker-unreadable', liveId: 'key_odd', name: 'Odd \u001b[31mKey' },
  ],
  'key-unreadable': [
    {
      severity: 'warning',
      code: 'key-unreadable',
      keyId: null,
      liveId: 'key_odd',
      name: 'Odd \u001b[31mKey',
      trouble: 'has a `status` that is not one of active, expired, revoked',
    },
    {
      severity: 'warning',
      code: 'key-unreadable',
      keyId: 'ci-pipeline',
      liveId: null,
      name: null,
      trouble: 'lacks `id`',
    },
  ],
  'clock-contradicted': [
    {
      severity: 'warning',
      code: 'clock-contradicted',
      keyIds: ['old-bot', 'older-bot'],
      liveId: 'key_busy',
      lastUse: now - 5 * day,
      at: now,
    },
  ],
  'environment-unsupported': [
    { severity: 'warning', code: 'environment-unsupported', keyIds: ['ci-pipeline'] },
    { severity: 'warning', code: 'environment-unsupported', keyIds: ['ci-pipeline', 'reader'] },
  ],
  'prune-withheld': (
    ['no-keys-declared', 'listing-narrowed', 'listing-incomplete', 'key-held', 'key-unreadable'] as const
  ).map(cause => ({
    severity: 'warning',
    code: 'prune-withheld',
    cause,
    keyIds: ['old-bot', 'older-bot', 'oldest-bot'],
  })),
  'name-taken': [
    {
      severity: 'held',
      code: 'name-taken',
      keyId: 'ci-pipeline',
      name: 'CI/CD Pipeline',
      liveIds: ['key_x'],
    },
  ],
  'grants-beyond-caller': [
    {
      severity: 'held',
      code: 'grants-beyond-caller',
      keyId: 'admin',
      permissions: ['manage_keys', 'manage_projects'],
      held: ['read_scenarios'],
      scope: 'all',
    },
  ],
  'unknown-project': [
    {
      severity: 'held',
      code: 'unknown-project',
      keyId: 'sales-bot',
      project: 'sales-asistant',
      suggestion: 'sales-assistant',
    },
    { severity: 'held', code: 'unknown-project', keyId: 'sales-bot', project: 'mars', suggestion: null },
  ],
  limit: [
    {
      severity: 'held',
      code: 'limit',
      action: 'revoke',
      count: 12,
      live: 40,
      allowed: 10,
      share: 0.25,
      always: 2,
      keyIds: ['old-bot', 'older-bot'],
    },
    {
      severity: 'warning',
      code: 'limit',
      action: 'rotate',
      count: 251,
      live: 1000,
      allowed: 250,
      share: 0.25,
      always: 2,
      keyIds: ['nightly-bot'],
    },
  ],
  'widening-forbidden': [
    {
      severity: 'refusal',
      code: 'widening-forbidden',
      by: 'policy',
      changes: 14,
      widened: [
        { keyId: 'sales-bot', fields: ['scope', 'expires'] },
        { keyId: 'staging-bot', fields: ['permissions'] },
      ],
    },
    {
      severity: 'refusal',
      code: 'widening-forbidden',
      by: 'flag',
      changes: 1,
      widened: [{ keyId: 'sales-bot', fields: ['expires'] }],
    },
  ],
  'listing-narrowed': [{ severity: 'held', code: 'listing-narrowed', keyIds: ['ci-pipeline', 'sales-bot'] }],
  'listing-incomplete': [
    { severity: 'refusal', code: 'listing-incomplete', keyIds: ['ci-pipeline', 'sales-bot'] },
  ],
  stale: [{ severity: 'held', code: 'stale', keyId: 'ci-pipeline' }],
  'too-many-pending': [
    {
      severity: 'warning',
      code: 'too-many-pending',
      keyId: 'stuck',
      liveIds: ['key_p1', 'key_p2', 'key_p3'],
    },
  ],
}

const unmanaged: readonly LiveKey[] = [
  liveKey('key_un1', { name: 'Admin Key', ownership: { kind: 'unmanaged' }, permissions: ['*'] }),
  liveKey('key_un2', {
    name: '日本語キー 🔑',
    maskedKey: 'flux_dev_****...tuv',
    ownership: { kind: 'unmanaged' },
    lastUse: neverUsed,
    permissions: ['create_scenarios', 'delete_scenarios', 'read_scenarios', 'upload_results'],
  }),
  liveKey('key_un3', { name: 'Backup Key', ownership: { kind: 'unmanaged' }, lastUse: { known: false } }),
]

export const emptyPlan: Plan = {
  platform: 'https://api.fluxloop.ai',
  account: 'acme',
  stack: 'acme-agents',
  now,
  changes: [],
  deferred: [],
  retiring: [],
  homes: [{ keyId: 'ci-pipeline', owner: 'here', stores: [keychain] }],
  keychain: null,
  unmanaged: [],
  consumers: [],
  findings: [],
  managed: 6,
  callingKeyId: 'deployer',
  callingLiveId: 'key_me',
  targets: { only: [], except: [] },
  view: 'changes',
}

/** A plan of every kind of change, reason and finding. */
export const fullPlan: Plan = {
  ...emptyPlan,
  changes: Object.values(changes).flat(),
  consumers: (['cut-off', 'narrowed', 'not-moved', 'reads-anew', 'revoked'] as const).flatMap(effect => {
    const seen = effect === 'not-moved' || effect === 'revoked'
    const one = { keyId: 'ci-pipeline', effect, liveId: 'key_ci0', seenAt: seen ? now - 2 * hour : null }
    return [
      { ...one, consumer: 'nightly', certain: true },
      { ...one, consumer: 'weekly \u001b[31mreport', certain: true },
      { ...one, keyId: 'nightly-bot', consumer: seen ? null : 'bot', certain: true },
    ]
  }),
  deferred: [
    {
      keyId: 'nightly-bot',
      live: liveKey('key_nightly'),
      reasons: [rotationReasons['ends-with-others'], deliveryReasons['store-added']],
      until: now + 16 * day,
    },
    {
      keyId: 'eternal-bot',
      live: liveKey('key_eternal'),
      reasons: [rotationReasons['past-max-age']],
      until: null,
    },
  ],
  retiring: Object.values(waits).map((wait, index) => ({
    keyId: 'ci-pipeline',
    live: liveKey(`key_ci${index}`),
    generation: index + 1,
    reason:
      index === 3 ? revocationReasons.undeclared : { code: 'superseded', head: 5, deadline: now + 44 * hour },
    wait,
  })),
  homes: [
    { keyId: 'ci-pipeline', owner: 'here', stores: [keychain] },
    { keyId: 'laptop', owner: 'another-host', stores: [keychain] },
  ],
  unmanaged,
  findings: Object.values(findings).flat(),
}

/** What most plans look like: nothing refused. */
export const usualPlan: Plan = {
  ...emptyPlan,
  changes: [changes.create[0], changes.update[0], changes.rotate[1], changes.revoke[2]].filter(
    change => change !== undefined,
  ),
  unmanaged,
}
