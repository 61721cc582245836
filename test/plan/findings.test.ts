import t from 'tap'
import { emptyAuditPolicy } from '../../src/model/audit-policy.ts'
import { isHeldInPart, isRefused } from '../../src/model/change.ts'
import type { Finding } from '../../src/model/finding.ts'
import { day, hour, minute } from '../../src/model/duration.ts'
import { noDoubts } from '../../src/model/listing-doubts.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { keyAt } from '../../src/model/desired-at.ts'
import type { TemporaryGrant } from '../../src/model/temporary-grant.ts'
import {
  callerWith,
  desiredKey,
  envFile,
  keychain,
  liveKey,
  managedKey,
  marker,
  nothing,
  now,
  otherHost,
  pruneRules,
} from '../support/build.ts'
import {
  codes,
  head,
  pending,
  planOf,
  retired,
  summary,
  undeclared,
  key,
  type Case,
} from '../support/plan-of.ts'

const suspended = { id: 'key_odd', name: 'Odd', trouble: 'lacks `expires_at`', owner: null }
const grant: TemporaryGrant = {
  kind: 'permission',
  name: 'read_results',
  until: now + 14 * day,
  reason: 'migration',
  position: { file: 'fluxloop-keys.yaml', line: 5, column: 7 },
}
const ahead = { now, liveId: 'key_busy', lastUse: now - 5 * day }

t.test('has every finding', async t => {
  const local = { localKeys: new Set(['ci-pipeline']) }
  const many = Array.from({ length: 12 }, (_, index) => desiredKey({ keyId: `gone-${index}` }))
  const manyLive = many.map(gone => managedKey(gone))
  const rows = {
    'rename-held': {
      case: {
        desired: [desiredKey({ previously: 'old' })],
        keys: [managedKey(), managedKey(desiredKey({ keyId: 'old' }))],
      },
      says: [
        {
          severity: 'held',
          code: 'rename-held',
          keyId: 'ci-pipeline',
          cause: 'both-live',
          names: [
            { name: 'acme-agents/ci-pipeline', liveIds: ['key_ci-pipeline_1'] },
            { name: 'acme-agents/old', liveIds: ['key_old_1'] },
          ],
          until: null,
        },
      ],
    },
    'made-by-other-stack': {
      case: { keys: [managedKey(key, { marked: { stack: 'acme-bots' } })] },
      says: [
        {
          severity: 'warning',
          code: 'made-by-other-stack',
          stack: 'acme-bots',
          keyIds: ['ci-pipeline'],
          liveIds: ['key_ci-pipeline_1'],
        },
      ],
    },
    'left-in-former-stack': {
      case: {
        state: { formerly: ['acme-bots'] },
        keys: [managedKey(), managedKey(desiredKey({ keyId: 'old' }), { marked: { stack: 'acme-bots' } })],
      },
      says: [{ severity: 'warning', code: 'left-in-former-stack', stack: 'acme-bots', keyIds: ['old'] }],
    },
    'name-taken': {
      case: { keys: [liveKey({ id: 'key_b', name: key.name }), liveKey({ id: 'key_a', name: key.name })] },
      says: [
        {
          severity: 'held',
          code: 'name-taken',
          keyId: 'ci-pipeline',
          name: key.name,
          liveIds: ['key_a', 'key_b'],
        },
      ],
    },
    'cannot-adopt': {
      case: { desired: [desiredKey({ adopt: 'key_strange' })], keys: [liveKey()] },
      says: [
        {
          severity: 'held',
          code: 'cannot-adopt',
          keyId: 'ci-pipeline',
          adopt: 'key_strange',
          cause: 'not-found',
          liveIds: [],
          owner: null,
          suggestion: 'key_stranger',
        },
      ],
    },
    'adopt-ignored': {
      case: { desired: [desiredKey({ adopt: 'key_stranger' })], keys: [managedKey(), liveKey()] },
      says: [{ severity: 'warning', code: 'adopt-ignored', keyId: 'ci-pipeline', liveId: 'key_stranger' }],
    },
    'rotate-by-hand': {
      case: { keys: [managedKey(key, { state: { kind: 'external' }, live: { environment: 'dev' } })] },
      says: [
        {
          severity: 'warning',
          code: 'rotate-by-hand',
          keyId: 'ci-pipeline',
          liveId: 'key_ci-pipeline_1',
          cause: 'environment',
          at: null,
        },
      ],
    },
    'end-withheld': {
      case: {
        keys: [
          managedKey(key, {
            state: { kind: 'external' },
            live: { createdAt: now - 200 * day, expiresAt: null },
          }),
        ],
      },
      says: [
        {
          severity: 'warning',
          code: 'end-withheld',
          keyId: 'ci-pipeline',
          liveId: 'key_ci-pipeline_1',
          cause: 'adopted',
          wanted: now - 110 * day,
          current: null,
        },
      ],
    },
    'grants-beyond-caller': {
      case: { current: { caller: callerWith({ permissions: ['manage_keys', 'read_scenarios'] }) } },
      says: [
        {
          severity: 'held',
          code: 'grants-beyond-caller',
          keyId: 'ci-pipeline',
          permissions: ['upload_results'],
          held: ['manage_keys', 'read_scenarios'],
          scope: [],
        },
      ],
    },
    'unknown-project': {
      case: { keys: [managedKey()], current: { projects: ['customer-support-bot', 'sales-asistant'] } },
      says: [
        {
          severity: 'held',
          code: 'unknown-project',
          keyId: 'ci-pipeline',
          project: 'sales-assistant',
          suggestion: 'sales-asistant',
        },
      ],
    },
    limit: {
      case: { keys: [managedKey(), ...manyLive] },
      says: [
        {
          severity: 'held',
          code: 'limit',
          action: 'revoke',
          count: 12,
          live: 13,
          allowed: 3,
          share: 0.25,
          always: 2,
          keyIds: many.map(({ keyId }) => keyId).sort(),
        },
      ],
    },
    'listing-narrowed': {
      case: { current: { caller: callerWith({ scope: ['customer-support-bot', 'sales-assistant'] }) } },
      says: [{ severity: 'held', code: 'listing-narrowed', keyIds: ['ci-pipeline'] }],
    },
    'listing-incomplete': {
      case: { current: { complete: false } },
      says: [{ severity: 'refusal', code: 'listing-incomplete', keyIds: ['ci-pipeline'] }],
    },
    'widening-forbidden': {
      case: {
        state: { policy: { forbid: ['widening'], breakGlass: [], audit: emptyAuditPolicy } },
        keys: [managedKey(key, { live: { permissions: ['read_scenarios'] } })],
      },
      says: [
        {
          severity: 'refusal',
          code: 'widening-forbidden',
          by: 'policy',
          changes: 1,
          widened: [{ keyId: 'ci-pipeline', fields: ['permissions'] }],
        },
      ],
    },
    'too-many-pending': {
      case: {
        keys: [1, 2, 3].map(number => pending(number, otherHost, { createdAt: now - (6 - number) * hour })),
      },
      says: [
        {
          severity: 'warning',
          code: 'too-many-pending',
          keyId: 'ci-pipeline',
          liveIds: ['key_ci-pipeline_3', 'key_ci-pipeline_2', 'key_ci-pipeline_1'],
        },
      ],
    },
    'prune-withheld': {
      case: { desired: [], keys: [undeclared()] },
      says: [{ severity: 'warning', code: 'prune-withheld', cause: 'no-keys-declared', keyIds: ['gone'] }],
    },
    protected: {
      case: {
        keys: [managedKey(), undeclared({}, desiredKey({ keyId: 'gone', protect: true }))],
      },
      says: [{ severity: 'warning', code: 'protected', keyId: 'gone', liveId: 'key_gone_1' }],
    },
    'calling-key': {
      case: {
        keys: [managedKey(), undeclared()],
        current: { caller: callerWith({ id: 'key_gone_1' }) },
      },
      says: [
        { severity: 'warning', code: 'calling-key', keyId: 'gone', liveId: 'key_gone_1', action: 'revoke' },
      ],
    },
    'other-host': {
      case: {
        keys: [managedKey(key, { marked: { host: otherHost }, live: { createdAt: now - 70 * day } })],
        options: local,
      },
      says: [
        {
          severity: 'warning',
          code: 'other-host',
          keyId: 'ci-pipeline',
          liveId: 'key_ci-pipeline_1',
          action: 'rotate',
        },
      ],
    },
    'store-left': {
      case: {
        keys: [managedKey(desiredKey({ stores: [keychain, envFile] }))],
        options: { formerStores: new Map() },
      },
      says: [
        {
          severity: 'warning',
          code: 'store-left',
          keyId: 'ci-pipeline',
          liveId: 'key_ci-pipeline_1',
          cause: 'not-found',
          count: 1,
          stores: [],
        },
      ],
    },
    'being-made': {
      case: { keys: [pending(1, otherHost, { createdAt: now - 14 * minute })] },
      says: [
        {
          severity: 'warning',
          code: 'being-made',
          keyId: 'ci-pipeline',
          liveId: 'key_ci-pipeline_1',
          until: now + minute,
          lacksSuccessor: false,
        },
      ],
    },
    'date-near': {
      case: {
        desired: [desiredKey({ expires: { kind: 'until', at: now + 14 * day } })],
        keys: [managedKey(desiredKey({ expires: { kind: 'until', at: now + 14 * day } }))],
      },
      says: [{ severity: 'warning', code: 'date-near', keyId: 'ci-pipeline', at: now + 14 * day }],
    },
    'break-glass-refused': {
      case: {
        keys: [managedKey()],
        options: {
          breakGlass: { keyId: 'ci-pipeline', permissions: ['manage_keys'], length: hour, reason: 'x' },
        },
      },
      says: [
        {
          severity: 'refusal',
          code: 'break-glass-refused',
          keyId: 'ci-pipeline',
          permissions: ['manage_keys'],
          cause: 'no-rule',
        },
      ],
    },
    'break-glass': {
      case: {
        keys: [
          managedKey(desiredKey(), {
            marked: { grant: { permissions: ['manage_keys'], until: now + hour } },
          }),
        ],
      },
      says: [
        {
          severity: 'warning',
          code: 'break-glass',
          keyId: 'ci-pipeline',
          liveId: 'key_ci-pipeline_1',
          permissions: ['manage_keys'],
          until: now + hour,
          state: 'not-allowed',
        },
      ],
    },
    'grant-near': {
      case: {
        desired: [desiredKey({ grants: [grant] })],
        keys: [managedKey(keyAt(desiredKey({ grants: [grant] }), now))],
      },
      says: [
        {
          severity: 'warning',
          code: 'grant-near',
          keyId: 'ci-pipeline',
          grant: 'permission',
          name: 'read_results',
          until: now + 14 * day,
          reason: 'migration',
        },
      ],
    },
    'date-past': {
      case: {
        desired: [desiredKey({ expires: { kind: 'until', at: now } })],
        keys: [
          managedKey(desiredKey({ expires: { kind: 'until', at: now } }), { live: { status: 'expired' } }),
        ],
      },
      says: [{ severity: 'warning', code: 'date-past', keyId: 'ci-pipeline', at: now }],
    },
    'unused-declared': {
      case: {
        keys: [managedKey(key, { live: { createdAt: now - 35 * day } })],
        state: { prune: { ...pruneRules, unused: { after: 30 * day, action: 'report' } } },
      },
      says: [
        {
          severity: 'warning',
          code: 'unused-declared',
          keyId: 'ci-pipeline',
          liveId: 'key_ci-pipeline_1',
          after: 30 * day,
        },
      ],
    },
    'not-rotated': {
      case: {
        desired: [desiredKey({ adopt: 'key_stranger' })],
        keys: [liveKey()],
        options: { rotate: new Map([['ci-pipeline', { note: null, leaked: true }]]) },
      },
      says: [{ severity: 'held', code: 'not-rotated', keyId: 'ci-pipeline', cause: 'not-adopted' }],
    },
    'not-narrowed': {
      case: { keys: [retired({ scope: ['analytics-agent'] }), head({ createdAt: now - hour })] },
      says: [
        {
          severity: 'warning',
          code: 'not-narrowed',
          keyId: 'ci-pipeline',
          liveId: 'key_ci-pipeline_1',
          fields: ['scope'],
        },
      ],
    },
    unproven: {
      case: {
        desired: [desiredKey({ scope: 'all', adopt: 'Mine' })],
        keys: [liveKey({ name: 'Mine', scope: ['sales-assistant'] })],
        options: { signed: nothing },
      },
      says: [
        {
          severity: 'warning',
          code: 'unproven',
          keyId: 'ci-pipeline',
          liveId: 'key_stranger',
          fields: ['scope', 'permissions'],
        },
      ],
    },
    'not-signed': {
      case: { keys: [managedKey()], options: { sign: true, signed: nothing, signedNow: nothing } },
      says: [{ severity: 'warning', code: 'not-signed', keyId: 'ci-pipeline', liveId: 'key_ci-pipeline_1' }],
    },
    'marker-copied': {
      case: {
        keys: [managedKey(), liveKey({ ownership: { kind: 'copied', marker: marker() }, name: 'Copy' })],
      },
      says: [
        {
          severity: 'warning',
          code: 'marker-copied',
          keyId: 'ci-pipeline',
          liveId: 'key_stranger',
          name: 'Copy',
        },
      ],
    },
    'key-unreadable': {
      case: { keys: [managedKey()], current: { doubts: { ...noDoubts, unreadable: [suspended] } } },
      says: [
        {
          severity: 'warning',
          code: 'key-unreadable',
          keyId: null,
          liveId: 'key_odd',
          name: 'Odd',
          trouble: 'lacks `expires_at`',
        },
      ],
    },
    'clock-contradicted': {
      case: { keys: [managedKey(), undeclared()], current: { doubts: { ...noDoubts, clock: ahead } } },
      says: [
        {
          severity: 'warning',
          code: 'clock-contradicted',
          keyIds: ['gone'],
          liveId: 'key_busy',
          lastUse: ahead.lastUse,
          at: now,
        },
      ],
    },
    'environment-unsupported': {
      case: { keys: [managedKey(key, { live: { environment: undefined } })] },
      says: [{ severity: 'warning', code: 'environment-unsupported', keyIds: ['ci-pipeline'] }],
    },
    'marker-unreadable': {
      case: {
        keys: [
          managedKey(),
          liveKey({ ownership: { kind: 'unreadable', text: '[fk1 cut' }, name: 'Half a marker' }),
        ],
      },
      says: [
        { severity: 'warning', code: 'marker-unreadable', liveId: 'key_stranger', name: 'Half a marker' },
      ],
    },
  } satisfies Record<
    Exclude<Finding['code'], 'not-live' | 'policy-failed' | 'stale'>,
    { case: Case; says: readonly Finding[] }
  >
  for (const [code, row] of Object.entries(rows)) {
    const plan = planOf(row.case)
    t.strictSame(plan.findings, row.says, code)
    t.equal(
      isRefused(plan),
      row.says.some(({ severity }) => severity === 'refusal'),
      code,
    )
  }
})

t.test('leaves what belongs to another host alone, and takes it over where told to', async t => {
  const local = { localKeys: new Set(['ci-pipeline']) }
  const theirs = { marked: { host: otherHost } }
  const rows = {
    rotate: managedKey(key, { ...theirs, live: { createdAt: now - 70 * day } }),
    deliver: managedKey(key, { marked: { host: otherHost, stores: [] } }),
    heal: pending(1, otherHost),
  } satisfies Record<Extract<Finding, { code: 'other-host' }>['action'], LiveKey>
  for (const [action, live] of Object.entries(rows)) {
    const kept = planOf({ keys: [live], options: local })
    t.strictSame(summary(kept), [], action)
    t.strictSame(kept.findings, [
      { severity: 'warning', code: 'other-host', keyId: 'ci-pipeline', liveId: live.id, action },
    ])
    for (const free of [{ ...local, takeOver: true }, { localKeys: new Set<string>() }]) {
      const plan = planOf({ keys: [live], options: free })
      t.strictSame([plan.changes.map(({ kind }) => kind), plan.findings], [[action], []], action)
    }
  }
  t.strictSame(
    codes(planOf({ keys: [managedKey(key, theirs)], options: local })),
    [],
    'nothing to say of no work',
  )
})

t.test('withholds pruning, and creates nothing, where it may not see every key', async t => {
  const scope = ['customer-support-bot', 'sales-assistant']
  const rows = {
    'no-keys-declared': { desired: [], keys: [undeclared()] },
    'listing-incomplete': { keys: [managedKey(), undeclared()], current: { complete: false } },
    'listing-narrowed': {
      keys: [managedKey(), undeclared()],
      current: { caller: callerWith({ scope }) },
    },
    'key-unreadable': {
      keys: [managedKey(), undeclared()],
      current: { doubts: { ...noDoubts, unreadable: [suspended] } },
    },
  } satisfies Record<Exclude<Extract<Finding, { code: 'prune-withheld' }>['cause'], 'key-held'>, Case>
  for (const [cause, row] of Object.entries(rows)) {
    const plan = planOf(row)
    t.strictSame(summary(plan), [], cause)
    const withheld = plan.findings.filter(({ code }) => code !== 'key-unreadable')
    t.strictSame(withheld, [{ severity: 'warning', code: 'prune-withheld', cause, keyIds: ['gone'] }])
  }
  for (const current of [{ complete: false }, { caller: callerWith({ scope }) }]) {
    const making = planOf({ current })
    t.ok('complete' in current ? isRefused(making) : isHeldInPart(making) && making.changes.length === 0)
    const updating = planOf({ keys: [managedKey(key, { live: { name: 'CI' } })], current })
    t.strictSame([isRefused(updating), isHeldInPart(updating)], [false, false], 'updates go on')
  }
})
