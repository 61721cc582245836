import t from 'tap'
import { auditState } from '../../src/audit/audit-state.ts'
import type { AuditFacts } from '../../src/audit/audit-facts.ts'
import { usageNeeded } from '../../src/audit/usage-needed.ts'
import type { AuditFinding, Unseen } from '../../src/model/audit.ts'
import { type AuditException, type AuditPolicy, emptyAuditPolicy } from '../../src/model/audit-policy.ts'
import { type BuiltInRule, auditRules } from '../../src/model/audit-rule.ts'
import type { Consumer } from '../../src/model/consumer.ts'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { day, hour, minute } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { UsageFacts } from '../../src/model/observed-usage.ts'
import type { CompiledRule } from '../../src/model/own-rule.ts'
import { everyKey } from '../../src/model/targets.ts'
import type { TemporaryGrant } from '../../src/model/temporary-grant.ts'
import { beforeDelivery, ofProof } from '../../src/lifecycle/last-use.ts'
import { observed } from '../support/audit.ts'
import {
  callerWith,
  days,
  desiredKey,
  desiredState,
  liveKey,
  managedKey,
  neverUsed,
  now,
  retiringFor,
  pruneRules,
  unknownUse,
  usedAt,
} from '../support/build.ts'

type Live = Partial<LiveKey>

interface Case {
  readonly desired?: Partial<Omit<DesiredKey, 'rotation'>>
  readonly policy?: Partial<AuditPolicy>
  readonly state?: Partial<DesiredState>
  readonly live?: Live
  /** It stands next to the head. */
  readonly others?: readonly LiveKey[]
  /** Null: nothing is live. */
  readonly head?: null
  readonly usage?: UsageFacts | null
  readonly offline?: true
}

const madeAt = now - 40 * day
const agent = 'fluxloop-keys/0.1.0'
const own = `${agent}${ofProof}`
const firstLook = `${agent}${beforeDelivery}`
const delivered = {
  kind: 'delivered',
  visibleEnd: 'no34z',
  at: madeAt,
} as const

/** A key that no rule has anything to say about. */
const good = desiredKey({ owner: 'platform-team' })
const goodLive: Live = {
  maskedKey: 'flux_ci_****...no34z',
  createdAt: madeAt,
  expiresAt: now + 50 * day,
  lastUse: usedAt(now - hour),
}
const goodUsage: UsageFacts = {
  known: true,
  usage: observed({
    'Pull scenarios': { 'customer-support-bot': 5, 'sales-assistant': 7 },
    'Upload results': { 'customer-support-bot': 1, 'sales-assistant': 2 },
  }),
}
const use = (operations: Parameters<typeof observed>[0], more: Parameters<typeof observed>[1] = {}) =>
  ({ known: true, usage: observed(operations, more) }) as const

function factsOf({
  desired,
  policy,
  state,
  live,
  others = [],
  head,
  usage = goodUsage,
  offline,
}: Case): AuditFacts {
  const key = { ...good, ...desired }
  const first = managedKey(key, { state: delivered, live: { ...goodLive, ...live } })
  const keys = [...(head === null ? [] : [first]), ...others]
  return {
    desired: desiredState([key], {
      policy: { forbid: [], breakGlass: [], audit: { ...emptyAuditPolicy, ...policy } },
      ...state,
    }),
    live: offline
      ? null
      : { platform: 'https://api.fluxloop.ai', keys, caller: callerWith(), complete: true },
    now,
    windowDays: 30,
    usage: usage === null ? null : new Map(keys.map(({ id }) => [id, usage])),
    ownRules: [],
    targets: everyKey,
    requests: 0,
  }
}

const found = (given: Case) => auditState(factsOf(given)).findings
const about = ({ rule, permission, project, about: more }: AuditFinding) =>
  [rule, permission, project, more].filter(part => part !== null).join(' ')

const exception: AuditException = {
  rule: 'all-projects',
  permission: null,
  project: null,
  reason: 'it serves them all',
  owner: null,
  until: now + 30 * day,
  position: { file: 'fluxloop-keys.yaml', line: 9, column: 7 },
}
const consumer: Consumer = {
  name: 'nightly',
  userAgent: null,
  addresses: ['203.0.113.0/24'],
  projects: null,
  operations: ['Pull scenarios', 'Upload results'],
  every: 28 * day,
}
const grant: TemporaryGrant = {
  kind: 'permission',
  name: 'manage_keys',
  until: now + day,
  reason: 'migration',
  position: { file: 'fluxloop-keys.yaml', line: 9, column: 7 },
}
const addresses = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ip: `203.0.${index}.7`, requests: 1 }))
const seenFrom = (ips: readonly string[]): Case => ({
  usage: use({ 'Pull scenarios': { x: 1 } }, { addresses: ips.map(ip => ({ ip, requests: 1 })) }),
})
const old = { createdAt: now - 400 * day, regeneratedAt: null } as const
const pending = (age: number) =>
  managedKey(good, {
    generation: 2,
    state: { kind: 'pending' },
    live: { id: 'key_half', createdAt: now - age },
  })
const unaged = { ...good, rotation: { ...good.rotation, maxAge: null } }
const second = (at: number) => ({ generation: 2, state: { ...delivered, at } })
const retired = (lastUse: LiveKey['lastUse']): Case => ({
  head: null,
  others: [
    managedKey(good, {
      state: retiringFor('key_new', 5 * day),
      live: { id: 'key_old', ...goodLive, lastUse },
    }),
    managedKey(good, {
      ...second(now - 5 * day),
      live: { id: 'key_new', ...goodLive, createdAt: now - 5 * day },
    }),
  ],
})
const adopted = (live: Live): Case => ({
  head: null,
  others: [managedKey(good, { state: { kind: 'external' }, live: { ...goodLive, ...live } })],
})
const unmanaged = liveKey({ id: 'key_stranger', createdAt: now - 5 * day, lastUse: usedAt(now - hour) })

/** A title, what is there, and what is found: the rule itself where nothing is said. */
type Finding = readonly [string, Case, (readonly string[])?]

/** Each rule, and what it says: exactly this, or nothing, or why it cannot tell. */
const table: Readonly<
  Record<
    BuiltInRule,
    {
      readonly finds: readonly Finding[]
      readonly passes: readonly (readonly [string, Case])[]
      readonly cannotTell?: readonly (readonly [string, Case, Unseen])[]
    }
  >
> = {
  'unused-permission': {
    finds: [
      [
        'granted, and used nowhere',
        { usage: use({ 'Pull scenarios': { 'customer-support-bot': 5, 'sales-assistant': 7 } }) },
        ['unused-permission upload_results'],
      ],
      [
        'used in one project of two',
        {
          usage: use({
            'Pull scenarios': { 'customer-support-bot': 5, 'sales-assistant': 7 },
            'Upload results': { 'customer-support-bot': 1 },
          }),
        },
        ['unused-permission upload_results sales-assistant'],
      ],
      [
        'used by neither of two live generations',
        {
          others: [
            managedKey(good, {
              ...second(now - day),
              live: { id: 'key_next', ...goodLive, createdAt: now - day },
            }),
          ],
          usage: use({ 'Upload results': { 'customer-support-bot': 1, 'sales-assistant': 1 } }),
        },
        ['unused-permission read_scenarios'],
      ],
    ],
    passes: [
      ['all are used', {}],
      ['nobody uses the key at all', { usage: use({}) }],
      [
        'projects are not told apart',
        {
          usage: use(
            { 'Pull scenarios': { 'customer-support-bot': 5 }, 'Upload results': { 'sales-assistant': 1 } },
            { byOperationAndProject: null },
          ),
        },
      ],
    ],
    cannotTell: [
      [
        'an operation that nobody knows',
        { usage: use({ 'Fly to the moon': { 'sales-assistant': 1 } }) },
        'unknown-operation',
      ],
      ['figures that are missing', { usage: { known: false, gap: 'no-answer', partial: null } }, 'no-answer'],
      [
        'figures that are too short',
        { usage: { known: false, gap: 'too-short', partial: null } },
        'too-short',
      ],
      ['a budget that is used up', { usage: { known: false, gap: 'budget', partial: null } }, 'budget'],
      ['a key younger than the window', { live: { createdAt: now - 29 * day } }, 'too-young'],
      ['no live key', { head: null }, 'no-live-key'],
      ['offline', { offline: true }, 'offline'],
      ['a plan', { usage: null }, 'not-needed'],
    ],
  },
  'unused-project': {
    finds: [
      [
        'in scope, and never touched',
        {
          usage: use({
            'Pull scenarios': { 'customer-support-bot': 5 },
            'Upload results': { 'customer-support-bot': 1 },
          }),
        },
        ['unused-project sales-assistant'],
      ],
      [
        'named with a zero',
        { usage: use({ 'Pull scenarios': { 'customer-support-bot': 5, 'sales-assistant': 0 } }) },
        ['unused-project sales-assistant'],
      ],
    ],
    passes: [
      ['all are touched', {}],
      ['nothing is about a project', { usage: use({ 'Check identity': {} }) }],
      ['the scope is all', { desired: { scope: 'all' } }],
    ],
    cannotTell: [
      ['figures that are missing', { usage: { known: false, gap: 'no-answer', partial: null } }, 'no-answer'],
      ['a key younger than the window', { live: { createdAt: now - day } }, 'too-young'],
    ],
  },
  'wildcard-permission': {
    finds: [['all at once', { desired: { permissions: ['*'] } }, ['wildcard-permission *']]],
    passes: [['nine by name', { desired: { permissions: ['manage_keys', 'read_results'] } }]],
  },
  'all-projects': {
    finds: [['a scope of all', { desired: { scope: 'all' } }]],
    passes: [['a scope of one', { desired: { scope: ['x'] } }]],
  },
  'no-expiry': {
    finds: [['never', { desired: { expires: { kind: 'never' } } }]],
    passes: [['a far date', { desired: { expires: { kind: 'until', at: now + 9_000 * day } } }]],
  },
  'lifetime-too-long': {
    finds: [
      ['a period above a year', { desired: { expires: days(366) } }],
      [
        'a date above a year from the secret',
        { desired: { expires: { kind: 'until', at: madeAt + 366 * day } } },
      ],
      [
        'above the limit of its environment',
        {
          desired: { expires: days(91) },
          policy: { environments: { ci: { maxLifetime: 90 * day, allow: null, deny: [] } } },
        },
      ],
      [
        'above the limit of the environment that the platform chose',
        {
          desired: { expires: days(91), environment: null },
          live: { environment: 'ci' },
          policy: { environments: { ci: { maxLifetime: 90 * day, allow: null, deny: [] } } },
        },
      ],
    ],
    passes: [
      ['just a year', { desired: { expires: days(365) } }],
      ['never is another rule', { desired: { expires: { kind: 'never' } } }],
      [
        'a limit of another environment',
        {
          desired: { expires: days(91) },
          policy: { environments: { prod: { maxLifetime: day, allow: null, deny: [] } } },
        },
      ],
    ],
  },
  'permission-not-allowed': {
    finds: [
      [
        'denied',
        { policy: { environments: { ci: { maxLifetime: null, allow: null, deny: ['upload_results'] } } } },
        ['permission-not-allowed upload_results'],
      ],
      [
        'not among the allowed',
        { policy: { environments: { ci: { maxLifetime: null, allow: ['upload_results'], deny: [] } } } },
        ['permission-not-allowed read_scenarios'],
      ],
      [
        'denied, and part of all',
        {
          desired: { permissions: ['*'] },
          policy: { environments: { ci: { maxLifetime: null, allow: null, deny: ['manage_keys'] } } },
        },
        ['permission-not-allowed manage_keys'],
      ],
    ],
    passes: [
      [
        'allowed',
        {
          policy: {
            environments: {
              ci: { maxLifetime: null, allow: ['read_scenarios', 'upload_results'], deny: [] },
            },
          },
        },
      ],
      [
        'denied elsewhere',
        { policy: { environments: { prod: { maxLifetime: null, allow: [], deny: ['read_scenarios'] } } } },
      ],
    ],
  },
  'past-max-age': {
    finds: [['older than it may be', { live: { createdAt: now - 61 * day } }]],
    passes: [
      ['just in time', {}],
      ['regenerated since', { live: { createdAt: now - 61 * day, regeneratedAt: madeAt } }],
      ['not live', { head: null }],
    ],
    cannotTell: [['offline', { offline: true }, 'offline']],
  },
  'rotation-overdue': {
    finds: [
      ['three days past its maximum age', { live: { createdAt: now - 63 * day } }],
      [
        'three days past the renewal of its end, with no maximum age',
        { state: { keys: [unaged] }, live: { createdAt: now - 85 * day, expiresAt: now + 5 * day } },
      ],
      ['expired three days ago', { live: { createdAt: now - 93 * day, expiresAt: now - 3 * day } }],
    ],
    passes: [
      ['due for less than three days', { live: { createdAt: now - 63 * day + minute } }],
      ['regenerated since', { live: { createdAt: now - 70 * day, regeneratedAt: madeAt } }],
      [
        'a fixed end that is past: a new secret would be dead',
        { desired: { expires: { kind: 'until', at: now - day } }, live: { createdAt: now - 70 * day } },
      ],
      ['another environment is declared, which time did not make due', { desired: { environment: 'prod' } }],
      ['not live', { head: null }],
    ],
    cannotTell: [['offline', { offline: true }, 'offline']],
  },
  'expiring-soon': {
    finds: [
      [
        'a date that nobody renews',
        { desired: { expires: { kind: 'until', at: now + 8 * day } }, live: { expiresAt: now + 8 * day } },
      ],
      ['a period that should have been renewed', { live: { expiresAt: now + 4 * day } }],
      ['it is over', { live: { expiresAt: now - day, status: 'expired' } }],
    ],
    passes: [
      ['far away', {}],
      ['a period that the next apply renews', { live: { expiresAt: now + 8 * day } }],
      ['it never ends', { live: { expiresAt: null } }],
    ],
  },
  'end-not-as-declared': {
    finds: [
      [
        'an adopted key that never ends, older than its declared life',
        adopted({ createdAt: now - 100 * day, expiresAt: null }),
      ],
      [
        'an adopted key that ends later than declared, and whose declared end is near',
        adopted({ createdAt: now - 85 * day, expiresAt: now + 300 * day }),
      ],
      [
        'a fixed date that is past, of a key that works on',
        { desired: { expires: { kind: 'until', at: now - day } }, live: { expiresAt: now + 50 * day } },
      ],
    ],
    passes: [
      ['as declared', {}],
      ['an adopted key as declared', adopted({ createdAt: now - 40 * day, expiresAt: now + 50 * day })],
      [
        'an adopted key that the next apply gives its end',
        adopted({ createdAt: now - 40 * day, expiresAt: null }),
      ],
      [
        'a key that the next apply replaces',
        { live: { createdAt: now - 100 * day, expiresAt: null }, desired: {} },
      ],
    ],
  },
  'unused-key': {
    finds: [
      ['a declared one', { live: { ...old, lastUse: usedAt(now - 90 * day) } }],
      ['looked at by us, and by nobody since', { live: { ...old, lastUse: usedAt(now - 90 * day, own) } }],
      ['one that nobody declares', { others: [{ ...unmanaged, ...old, lastUse: usedAt(now - 91 * day) }] }],
      [
        'as soon as `prune.unused` says so',
        {
          live: { lastUse: usedAt(now - 10 * day) },
          state: { prune: { ...pruneRules, unused: { after: 10 * day, action: 'report' } } },
        },
      ],
    ],
    passes: [
      ['used lately', { live: { ...old, lastUse: usedAt(now - 89 * day) } }],
      ['never used is another rule', { live: { ...old, lastUse: neverUsed } }],
      [
        'its predecessor is used',
        {
          others: [managedKey(good, { ...second(now - day), live: { id: 'key_next', ...goodLive, ...old } })],
          live: { ...old, lastUse: usedAt(now - 300 * day) },
        },
      ],
    ],
    cannotTell: [
      ['looked at by us lately', { live: { ...old, lastUse: usedAt(now - 89 * day, own) } }, 'own-look'],
      ['a platform that does not say', { live: { ...old, lastUse: unknownUse } }, 'platform-does-not-say'],
    ],
  },
  'never-used-key': {
    finds: [
      ['a declared one', { live: { lastUse: neverUsed } }],
      ['looked at by us before its delivery', { live: { lastUse: usedAt(madeAt, firstLook) } }],
      ['one that nobody declares', { others: [{ ...unmanaged, ...old, lastUse: neverUsed }] }],
    ],
    passes: [
      ['used', {}],
      ['younger than the window', { live: { createdAt: now - 29 * day, lastUse: neverUsed } }],
      ['called with by a run of ours', { live: { ...old, lastUse: usedAt(now - 89 * day, agent) } }],
      [
        'looked at by us so long ago that it is unused',
        { live: { ...old, lastUse: usedAt(now - 91 * day, own) } },
      ],
    ],
    cannotTell: [
      ['a platform that does not say', { live: { lastUse: unknownUse } }, 'platform-does-not-say'],
      ['looked at by us later', { live: { lastUse: usedAt(now - day, own) } }, 'own-look'],
    ],
  },
  'unmanaged-key': {
    finds: [['one that nobody declares', { others: [unmanaged] }]],
    passes: [
      ['all are declared', {}],
      ['one to keep', { others: [unmanaged], state: { prune: { ...pruneRules, keep: ['My *'] } } }],
      [
        'nobody wants to know',
        { others: [unmanaged], state: { prune: { ...pruneRules, unmanaged: 'ignore' } } },
      ],
      ['about to be adopted', { others: [unmanaged], desired: { adopt: 'key_stranger' } }],
      [
        'managed, and about to go',
        { others: [managedKey(desiredKey({ keyId: 'gone' }), { live: { ...goodLive, id: 'key_gone' } })] },
      ],
    ],
  },
  'undelivered-secret': {
    finds: [['pending for long', { others: [pending(15 * minute)] }]],
    passes: [
      ['delivered', {}],
      ['just being made', { others: [pending(14 * minute)] }],
    ],
  },
  'stale-secret': {
    finds: [
      ['another end', { live: { maskedKey: 'flux_ci_****...xyz99' } }],
      ['regenerated after the delivery', { live: { regeneratedAt: madeAt + 5 * minute } }],
    ],
    passes: [
      ['as delivered', {}],
      ['regenerated within the minute of its delivery', { live: { regeneratedAt: madeAt + minute } }],
    ],
  },
  'retired-key-in-use': {
    finds: [['used after its grace', retired(usedAt(now - hour))]],
    passes: [
      ['quiet since', retired(usedAt(now - 25 * hour))],
      ['never used', retired(neverUsed)],
      ['nobody knows', retired(unknownUse)],
      ['looked at by us before that', retired(usedAt(now - 25 * hour, own))],
    ],
    cannotTell: [['looked at by us since', retired(usedAt(now - hour, own)), 'own-look']],
  },
  'can-manage-keys': {
    finds: [
      ['by name', { desired: { permissions: ['manage_keys'] } }, ['can-manage-keys manage_keys']],
      ['among all', { desired: { permissions: ['*'] } }, ['can-manage-keys manage_keys']],
    ],
    passes: [['others', {}]],
  },
  'missing-owner': {
    finds: [['nobody', { desired: { owner: null } }]],
    passes: [['a team', {}]],
  },
  'missing-description': {
    finds: [['none', { desired: { description: '' } }]],
    passes: [['a line', {}]],
  },
  'environment-mismatch': {
    finds: [
      ['a name that says another', { desired: { name: 'Production deploy', keyId: 'deploy' } }],
      ['a key id that says another', { desired: { name: 'Deploy', keyId: 'deploy-stg' } }],
      ['a prefix that says another', { live: { maskedKey: 'flux_dev_****...no34z' } }],
    ],
    passes: [
      ['both say the same', {}],
      ['a name that says nothing', { desired: { name: 'Circus of devils', keyId: 'x' } }],
      ['two words, of which one fits', { desired: { name: 'CI of staging', keyId: 'x' } }],
      ['no environment', { desired: { environment: null, name: 'Production' }, offline: true }],
    ],
  },
  'shared-key': {
    finds: [
      ['six networks', { usage: use({ 'Pull scenarios': { x: 1 } }, { addresses: addresses(6) }) }],
      ['six of IPv6', seenFrom(Array.from({ length: 6 }, (_, index) => `2001:db8:0:${index}::1`))],
    ],
    passes: [
      [
        'many addresses of one network, however they are written',
        seenFrom([
          ...['2001:db8::1', '2001:db8::2', '2001:db8::a:3', '2001:DB8:0:0:4::', '2001:db8::1:2:3:4'],
          ...['2001:0db8:0000:0000:0000:0000:0000:0005', '2001:db8:0:0:6::1'],
          ...['::ffff:203.0.113.1', '203.0.113.2'],
        ]),
      ],
      ['five networks', { usage: use({ 'Pull scenarios': { x: 1 } }, { addresses: addresses(5) }) }],
      [
        'many addresses of one network',
        {
          usage: use(
            { 'Pull scenarios': { x: 1 } },
            {
              addresses: Array.from({ length: 99 }, (_, index) => ({
                ip: `203.0.113.${index}`,
                requests: 1,
              })),
            },
          ),
        },
      ],
    ],
    cannotTell: [
      ['a platform that does not say', { usage: use({}, { addresses: null }) }, 'platform-does-not-say'],
    ],
  },
  'unknown-consumer': {
    finds: [
      ['an address that is nobody’s', { desired: { consumers: [consumer] }, ...seenFrom(['198.51.100.7']) }],
      [
        'an operation that nobody does',
        { desired: { consumers: [consumer] }, usage: use({ 'Delete scenarios': { x: 1 } }) },
      ],
      [
        'a last user of another kind, though the key is young',
        {
          desired: { consumers: [{ ...consumer, userAgent: 'cli/*' }] },
          live: { createdAt: now - 5 * day, lastUse: usedAt(now - hour, 'curl/8') },
        },
      ],
    ],
    passes: [
      ['it was its consumer', { desired: { consumers: [consumer] }, ...seenFrom(['203.0.113.7']) }],
      ['it declares none', seenFrom(['198.51.100.7'])],
      [
        'the address may be our own look',
        {
          desired: { consumers: [consumer] },
          usage: use({ 'Check identity': {} }, { addresses: [{ ip: '198.51.100.7', requests: 1 }] }),
        },
      ],
      [
        'one of its consumers calls from anywhere',
        {
          desired: { consumers: [consumer, { ...consumer, addresses: null }] },
          ...seenFrom(['198.51.100.7']),
        },
      ],
    ],
    cannotTell: [
      [
        'there are no figures',
        { desired: { consumers: [consumer] }, usage: { known: false, gap: 'no-answer', partial: null } },
        'no-answer',
      ],
      [
        'the key is young',
        { desired: { consumers: [consumer] }, live: { createdAt: now - day, lastUse: neverUsed } },
        'too-young',
      ],
    ],
  },
  'silent-consumer': {
    finds: [
      [
        'nobody called from there',
        { desired: { consumers: [consumer, { ...consumer, name: 'weekly', addresses: ['192.0.2.0/24'] }] } },
        ['silent-consumer weekly'],
      ],
    ],
    passes: [
      ['it was seen', { desired: { consumers: [consumer] } }],
      ['it may have been seen', { desired: { consumers: [consumer, { ...consumer, name: 'weekly' }] } }],
      ['it declares none', {}],
    ],
    cannotTell: [
      [
        'the window is too short',
        { desired: { consumers: [{ ...consumer, addresses: ['192.0.2.1'], every: 90 * day }] } },
        'window-too-short',
      ],
      [
        'the key is young',
        { desired: { consumers: [consumer] }, live: { createdAt: now - day } },
        'too-young',
      ],
    ],
  },
  'grant-ended': {
    finds: [
      [
        'a temporary permission is past its day',
        { desired: { grants: [{ ...grant, until: now }] } },
        ['grant-ended manage_keys'],
      ],
      [
        'a temporary project is past its day',
        { desired: { grants: [{ ...grant, kind: 'project', name: 'pilot', until: now - day }] } },
        ['grant-ended pilot'],
      ],
    ],
    passes: [
      ['it has not ended', { desired: { grants: [{ ...grant, until: now + 1 }] } }],
      ['there is none', {}],
    ],
  },
  'exception-expired': {
    finds: [
      [
        'its last day is over',
        { desired: { exceptions: [{ ...exception, until: now }] } },
        ['exception-expired all-projects'],
      ],
      [
        'two of them, one key',
        {
          desired: {
            exceptions: [
              { ...exception, until: now - day },
              { ...exception, rule: 'no-expiry', until: now - day },
            ],
          },
        },
        ['exception-expired all-projects', 'exception-expired no-expiry'],
      ],
    ],
    passes: [['it is in force', { desired: { scope: 'all', exceptions: [exception] } }]],
  },
  'exception-unmatched': {
    finds: [
      [
        'nothing to answer for',
        { desired: { exceptions: [exception] } },
        ['exception-unmatched all-projects'],
      ],
      [
        'it is about another permission',
        {
          desired: {
            permissions: ['manage_keys'],
            exceptions: [{ ...exception, rule: 'can-manage-keys', permission: 'read_results' }],
          },
        },
        ['exception-unmatched read_results can-manage-keys'],
      ],
    ],
    passes: [
      ['it answers', { desired: { scope: 'all', exceptions: [exception] } }],
      ['it is over', { desired: { exceptions: [{ ...exception, until: now }] } }],
      [
        'its rule was not looked at',
        { offline: true, desired: { exceptions: [{ ...exception, rule: 'stale-secret' }] } },
      ],
      [
        'its rule could not tell',
        {
          desired: { exceptions: [{ ...exception, rule: 'unused-permission' }] },
          usage: { known: false, gap: 'no-answer', partial: null },
        },
      ],
      [
        'its rule is off',
        { policy: { severities: { 'all-projects': 'off' } }, desired: { exceptions: [exception] } },
      ],
    ],
  },
  'usage-unavailable': {
    finds: [['the platform gave none', { usage: { known: false, gap: 'no-answer', partial: null } }]],
    passes: [
      ['it gave some', {}],
      ['nobody asked', { usage: { known: false, gap: 'budget', partial: null } }],
    ],
  },
}

t.test('says nothing of a key that is as it should be', async t => {
  t.strictSame(found({}), [])
  t.match(auditState(factsOf({})), { mode: 'full', keys: { total: 1, clean: 1 }, notLookedAt: [] })
})

for (const [rule, { finds, passes, cannotTell = [] }] of Object.entries(table)) {
  t.test(rule, async t => {
    const of = (given: Case) => found(given).filter(finding => finding.rule === rule)
    for (const [title, given, expected = [rule]] of finds) {
      const findings = of(given)
      t.strictSame(findings.map(about), expected, title)
      for (const { message, remedy, evidence, fingerprint } of findings) {
        t.match(message, /^[^.][^\n]*[^.\n]$/, 'one sentence')
        t.match(remedy, /[.]$/)
        t.match(fingerprint, /^[0-9a-f]{16}$/)
        t.notMatch(JSON.stringify([message, remedy, evidence]), /undefined|NaN|\[object/)
      }
      const off = {
        ...given,
        policy: { ...given.policy, severities: { ...given.policy?.severities, [rule]: 'off' } },
      }
      t.strictSame(of(off), [], `${title}: nobody looks where it is off`)
    }
    for (const [title, given] of passes) t.strictSame(of(given).map(about), [], title)
    for (const [title, given, why] of cannotTell) {
      t.strictSame(of(given), [], title)
      const { notLookedAt } = auditState(factsOf(given))
      t.ok(
        notLookedAt.some(entry => entry.why === why && entry.rules.includes(rule)),
        `${title}: says so`,
      )
    }
    t.ok(finds.length > 0 && passes.length > 0)
  })
}

t.test('an exception answers for its finding, which stays visible', async t => {
  const [finding, ...rest] = found({ desired: { scope: 'all', exceptions: [exception] } })
  t.match(finding, { rule: 'all-projects', suppressedBy: exception })
  t.strictSame(rest, [])
  t.match(auditState(factsOf({ desired: { scope: 'all', exceptions: [exception] } })).keys, {
    total: 1,
    clean: 1,
  })
})

t.test('takes severities from the policy, and sorts the worst first', async t => {
  const given: Case = { desired: { scope: 'all', owner: null, permissions: ['*'] } }
  t.strictSame(
    found(given).map(({ rule, severity }) => `${severity} ${rule}`),
    ['high can-manage-keys', 'high wildcard-permission', 'low all-projects', 'low missing-owner'],
  )
  const stricter = { ...given, policy: { severities: { 'missing-owner': 'critical' } } } as const
  t.strictSame(found(stricter).map(({ rule }) => rule)[0], 'missing-owner')
})

t.test('fingerprints outlive rotations, figures, lines and the order of things', async t => {
  const bad = { scope: 'all', owner: null } as const
  const prints = (given: Case) => found(given).map(({ fingerprint }) => fingerprint)
  const before = prints({ desired: bad })
  t.equal(new Set(before).size, before.length)
  const position = { file: 'other.yaml', line: 99, column: 3 }
  t.strictSame(prints({ desired: { ...bad, position, name: 'CI of others' } }), before)
  t.strictSame(prints({ desired: bad, live: { createdAt: now - 50 * day } }), before)
  t.not(String(prints({ desired: { ...bad, keyId: 'another-ci' } })), String(before))
  const two = [desiredKey({ keyId: 'a', ...bad }), desiredKey({ keyId: 'b', ...bad })]
  const facts = factsOf({ offline: true })
  const report = (keys: readonly DesiredKey[]) =>
    auditState({ ...facts, desired: { ...facts.desired, keys } }).findings
  t.strictSame(report(two.toReversed()), report(two))
})

t.test('asks for the usage of keys that are old enough, and of none where no rule needs it', async t => {
  const needed = (given: Case) => usageNeeded(factsOf(given)).length
  t.equal(needed({}), 1)
  t.equal(needed({ live: { id: 'key_other', createdAt: now - 29 * day } }), 0)
  t.equal(needed({ offline: true }), 0)
  t.equal(needed({ others: [unmanaged] }), 1, 'what nobody declares is not a candidate for less')
  const off = Object.fromEntries(
    Object.entries(auditRules).flatMap(([rule, { needs }]) =>
      needs === 'usage' ? [[rule, 'off' as const]] : [],
    ),
  )
  t.equal(needed({ policy: { severities: off } }), 0)
})

t.test(
  'asks an own rule with the usage of all live keys of a key, and not where operations are unknown',
  async t => {
    const asked: { readonly total: number; readonly addresses: number | undefined }[] = []
    const rule = {
      id: 'no-uploads',
      severity: 'low',
      when: "!('upload_results' in usage.byPermission)",
      message: 'It uploads nothing',
      remedy: null,
      tests: [],
      position: exception.position,
    } as const
    const evaluate: CompiledRule['evaluate'] = ({ usage }) => {
      const counts = [...(usage?.byOperation ?? [])].map(([, count]) => count)
      asked.push({ total: counts.reduce((a, b) => a + b, 0), addresses: usage?.addresses?.length })
      return { finds: false }
    }
    const facts = factsOf(retired(usedAt(now - day)))
    const ownRules = [{ rule, needs: 'usage', evaluate }] as const
    const from = (ip: string) => ({ addresses: [{ ip, requests: 1 }] })
    const usage = new Map<string, UsageFacts>([
      ['key_new', use({}, from('203.0.113.1'))],
      ['key_old', use({ 'Upload results': { x: 9 }, 'Pull scenarios': { x: 1 } }, from('203.0.113.2'))],
    ])
    auditState({ ...facts, ownRules, usage })
    t.strictSame(asked, [{ total: 10, addresses: 2 }])
    const { notLookedAt } = auditState({
      ...facts,
      ownRules,
      usage: new Map([...usage, ['key_new', use({ 'Read minds': {} })]]),
    })
    t.equal(asked.length, 1)
    t.ok(notLookedAt.some(({ why, rules }) => why === 'unknown-operation' && rules.includes('no-uploads')))
  },
)
