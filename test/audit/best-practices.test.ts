import t from 'tap'
import { auditState } from '../../src/audit/audit-state.ts'
import type { DesiredKey } from '../../src/model/desired.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { UsageFacts } from '../../src/model/observed-usage.ts'
import { everyKey } from '../../src/model/targets.ts'
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
  usedAt,
} from '../support/build.ts'

/**
 * "Security Best Practices" of the platform's page about `fluxloop apikeys`, example by example: what an audit says of a key that was made
 * so. What an example does not say is what the platform's own `create` does: all projects, a description that is empty, 90 days. A permission that it does not say is
 * read_scenarios, since a key without any is none that can be declared. An owner, which the page does not know, is named.
 */
interface Example {
  readonly practice: string
  readonly quality: 'good' | 'bad'
  readonly example: string
  /** The declaration, offline; or what is live next to it. */
  readonly made: Made
  readonly rules: readonly string[]
}

interface Made {
  readonly key?: Partial<Omit<DesiredKey, 'rotation'>>
  readonly live?: Partial<LiveKey>
  readonly undeclared?: Partial<LiveKey>
  readonly usage?: UsageFacts
  readonly maxAge?: number
}

const never = { kind: 'never' } as const
const year = days(365)
const asMade = ['all-projects', 'missing-description'] as const

const examples: readonly Example[] = [
  {
    practice: '1. Use Minimal Permissions',
    quality: 'good',
    example: '--name "Analytics" --permissions "read_scenarios,read_results"',
    made: { key: { name: 'Analytics', permissions: ['read_scenarios', 'read_results'] } },
    rules: asMade,
  },
  {
    practice: '1. Use Minimal Permissions',
    quality: 'bad',
    example: '--name "Analytics" --permissions "*"',
    made: { key: { name: 'Analytics', permissions: ['*'] } },
    rules: ['all-projects', 'can-manage-keys', 'missing-description', 'wildcard-permission'],
  },
  {
    practice: '2. Set Expiration Dates',
    quality: 'good',
    example: '--expires 90d',
    made: { key: { expires: days(90) } },
    rules: asMade,
  },
  {
    practice: '2. Set Expiration Dates',
    quality: 'bad',
    example: '--expires never',
    made: { key: { expires: never } },
    rules: ['all-projects', 'missing-description', 'no-expiry'],
  },
  {
    practice: '3. Rotate Keys Regularly',
    quality: 'good',
    example: 'Rotate keys every 90 days: regenerated 80 days ago',
    made: { key: {}, maxAge: 90 * day, live: { createdAt: now - 80 * day } },
    rules: asMade,
  },
  {
    practice: '3. Rotate Keys Regularly',
    quality: 'bad',
    example: 'Rotate keys every 90 days: not regenerated for 100 days',
    made: { key: { expires: year }, maxAge: 90 * day, live: { createdAt: now - 100 * day } },
    rules: [...asMade, 'past-max-age', 'rotation-overdue'],
  },
  {
    practice: '4. Use Environment-Specific Keys',
    quality: 'good',
    example: '--name "Development" --expires 90d',
    made: { key: { name: 'Development', keyId: 'development', environment: 'dev' } },
    rules: asMade,
  },
  {
    practice: '4. Use Environment-Specific Keys',
    quality: 'good',
    example: '--name "Staging" --expires 1y',
    made: { key: { name: 'Staging', keyId: 'staging', environment: 'stg', expires: year } },
    rules: asMade,
  },
  {
    practice: '4. Use Environment-Specific Keys',
    quality: 'good',
    example: '--name "Production" --expires 1y --permissions "read_scenarios,upload_results"',
    made: {
      key: {
        name: 'Production',
        keyId: 'production',
        environment: 'prod',
        expires: year,
        permissions: ['read_scenarios', 'upload_results'],
      },
    },
    rules: asMade,
  },
  {
    practice: '4. Use Environment-Specific Keys',
    quality: 'bad',
    example: 'one key for all of them: --name "Production", used in development',
    made: { key: { name: 'Production', keyId: 'production', environment: 'dev' } },
    rules: ['all-projects', 'environment-mismatch', 'missing-description'],
  },
  {
    practice: '5. Monitor Usage',
    quality: 'good',
    example: 'list, show: all that it grants was used lately',
    made: {
      key: {},
      live: { createdAt: now - 40 * day },
      usage: { known: true, usage: observed({ 'Pull scenarios': { 'customer-support-bot': 5 } }) },
    },
    rules: asMade,
  },
  {
    practice: '5. Monitor Usage',
    quality: 'bad',
    example: 'list, show: upload_results is granted, and nobody uploads',
    made: {
      key: { permissions: ['read_scenarios', 'upload_results'] },
      live: { createdAt: now - 40 * day },
      usage: { known: true, usage: observed({ 'Pull scenarios': { 'customer-support-bot': 5 } }) },
    },
    rules: [...asMade, 'unused-permission'],
  },
  {
    practice: '6. Revoke Unused Keys',
    quality: 'bad',
    example: 'delete key_xyz789: last used 3 months ago',
    made: { undeclared: { createdAt: now - 180 * day, lastUse: usedAt(now - 92 * day) } },
    rules: ['unmanaged-key', 'unused-key'],
  },
  {
    practice: '6. Revoke Unused Keys',
    quality: 'bad',
    example: 'list: "Backup Key", never used',
    made: { undeclared: { createdAt: now - 180 * day, lastUse: neverUsed } },
    rules: ['never-used-key', 'unmanaged-key'],
  },
  {
    practice: '6. Revoke Unused Keys',
    quality: 'good',
    example: 'list: last used 2 hours ago',
    made: { key: {}, live: { createdAt: now - 40 * day, lastUse: usedAt(now - 2 * hour) } },
    rules: asMade,
  },
]

function rulesOf({ key, live, undeclared, usage, maxAge }: Made): readonly string[] {
  const declared = desiredKey({
    keyId: 'analytics',
    name: 'Analytics',
    description: '',
    owner: 'platform-team',
    environment: null,
    scope: 'all',
    permissions: ['read_scenarios'],
    expires: days(90),
    ...key,
    rotation: { maxAge: maxAge ?? null },
  })
  const end = declared.expires.kind === 'period' ? declared.expires.length : 90 * day
  const managed =
    live === undefined
      ? []
      : [
          managedKey(declared, {
            live: {
              maskedKey: 'flux_dev_****...no34z',
              lastUse: usedAt(now - hour),
              expiresAt: (live.createdAt ?? now) + end,
              ...live,
            },
          }),
        ]
  const keys = [
    ...managed,
    ...(undeclared === undefined ? [] : [liveKey({ id: 'key_xyz789', ...undeclared })]),
  ]
  const report = auditState({
    desired: desiredState(key === undefined ? [] : [declared]),
    live:
      keys.length === 0
        ? null
        : { platform: 'https://api.fluxloop.ai', keys, caller: callerWith(), complete: true },
    now,
    windowDays: 30,
    usage: usage === undefined ? null : new Map(keys.map(({ id }) => [id, usage])),
    ownRules: [],
    targets: everyKey,
    requests: 0,
  })
  return report.findings.map(({ rule }) => rule).sort()
}

for (const { practice, quality, example, made, rules } of examples)
  t.test(`${practice}, ${quality}: ${example}: ${rules.join(', ')}`, async t => {
    t.strictSame(rulesOf(made), [...rules].sort())
  })

t.test('says more of every bad example than of a good one of the same practice', async t => {
  const bad = examples.filter(({ quality }) => quality === 'bad')
  t.ok(bad.length >= 6)
  for (const { example, rules } of bad)
    t.ok(
      rules.some(rule => !(asMade as readonly string[]).includes(rule)),
      example,
    )
  for (const { example, quality, rules } of examples)
    if (quality === 'good') t.strictSame(rules, asMade, example)
})
