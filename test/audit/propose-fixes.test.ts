import t from 'tap'
import { auditState } from '../../src/audit/audit-state.ts'
import type { AuditFacts } from '../../src/audit/audit-facts.ts'
import { proposeFixes } from '../../src/audit/propose-fixes.ts'
import { type AuditException, emptyAuditPolicy } from '../../src/model/audit-policy.ts'
import { unseenReasons } from '../../src/model/audit.ts'
import type { DesiredKey } from '../../src/model/desired.ts'
import { day } from '../../src/model/duration.ts'
import type { MarkerState } from '../../src/model/marker.ts'
import type { KeyFix } from '../../src/model/fix.ts'
import type { UsageFacts } from '../../src/model/observed-usage.ts'
import { everyKey } from '../../src/model/targets.ts'
import { observed } from '../support/audit.ts'
import { callerWith, desiredKey, desiredState, managedKey, now, usedAt } from '../support/build.ts'

interface Case {
  readonly desired?: Partial<Omit<DesiredKey, 'rotation'>>
  readonly usage?: UsageFacts
  /** Days. */
  readonly age?: number
  readonly maxLifetime?: number
  readonly defaultExpiry?: number
  readonly offline?: true
  /** Others hold its secret. */
  readonly adopted?: true
  readonly fix: Partial<Omit<KeyFix, 'keyId'>> | null
  /** Rule, and a part of why. */
  readonly left?: readonly (readonly [rule: string, why: string])[]
}

const pulls: UsageFacts = {
  known: true,
  usage: observed({ 'Pull scenarios': { 'customer-support-bot': 5 } }),
}
const both = ['read_scenarios', 'upload_results'] as const
const period = (days: number) => ({ kind: 'period', length: days * day }) as const

function excepted(rule: string, more: Partial<AuditException> = {}): AuditException {
  const position = { file: 'fluxloop-keys.yaml', line: 9, column: 7 }
  const usual = { permission: null, project: null, reason: 'once a year', owner: null, until: now + day }
  return { rule, ...usual, position, ...more }
}

const cases: Readonly<Record<string, Case>> = {
  'takes away a permission that was not used': {
    desired: { permissions: both, scope: ['customer-support-bot'] },
    fix: { permissions: ['read_scenarios'] },
  },
  'takes away a project that was not touched': {
    desired: { permissions: ['read_scenarios'], scope: ['customer-support-bot', 'sales-assistant'] },
    fix: { scope: ['customer-support-bot'] },
  },
  'leaves a key that uses all that it has as it is': {
    desired: { permissions: ['read_scenarios'], scope: ['customer-support-bot'] },
    fix: null,
  },
  'writes down what was used in the place of every permission and all projects': {
    desired: { permissions: ['*'], scope: 'all' },
    fix: { permissions: ['read_scenarios'], scope: ['customer-support-bot'] },
  },
  'keeps what an exception answers for where every permission is narrowed': {
    desired: {
      permissions: ['*'],
      scope: ['customer-support-bot'],
      exceptions: [excepted('unused-permission', { permission: 'manage_projects' })],
    },
    fix: { permissions: ['manage_projects', 'read_scenarios'] },
  },
  'keeps nothing for an exception that is over': {
    desired: {
      permissions: ['*'],
      scope: ['customer-support-bot'],
      exceptions: [excepted('unused-permission', { permission: 'manage_projects', until: now })],
    },
    fix: { permissions: ['read_scenarios'] },
  },
  'leaves alone what an exception answers for': {
    desired: {
      permissions: both,
      scope: ['customer-support-bot'],
      exceptions: [excepted('unused-permission')],
    },
    fix: null,
    left: [['unused-permission', 'once a year']],
  },
  'leaves alone a key that is younger than the window': {
    desired: { permissions: both, scope: ['customer-support-bot'] },
    age: 20,
    fix: null,
    left: [['unused-permission', unseenReasons['too-young']]],
  },
  'leaves alone a key whose usage was beyond the budget of requests': {
    desired: { permissions: ['*'], scope: 'all' },
    usage: { known: false, gap: 'budget', partial: null },
    fix: null,
    left: [
      ['wildcard-permission', unseenReasons['budget']],
      ['all-projects', unseenReasons['budget']],
    ],
  },
  'leaves alone a key that did what this version does not know': {
    desired: { permissions: both, scope: ['customer-support-bot'] },
    usage: { known: true, usage: observed({ 'Turn the world': { 'customer-support-bot': 1 } }) },
    fix: null,
    left: [['unused-permission', unseenReasons['unknown-operation']]],
  },
  'empties no list of a key that used something else once': {
    desired: { permissions: ['upload_results'], scope: ['customer-support-bot'] },
    fix: null,
    left: [['unused-permission', 'nothing would be left']],
  },
  'has nothing to say of a key that used nothing, which is for other rules': {
    desired: { permissions: both, scope: ['customer-support-bot'] },
    usage: { known: true, usage: observed({}) },
    fix: null,
  },
  'gives a key with no end 90 days where nothing else is said': {
    desired: {
      permissions: ['read_scenarios'],
      scope: ['customer-support-bot'],
      expires: { kind: 'never' },
    },
    fix: { expires: period(90) },
  },
  'gives it what the defaults say': {
    desired: {
      permissions: ['read_scenarios'],
      scope: ['customer-support-bot'],
      expires: { kind: 'never' },
    },
    defaultExpiry: 30,
    fix: { expires: period(30) },
  },
  'gives it the longest life that the policy allows, whatever the defaults say': {
    desired: {
      permissions: ['read_scenarios'],
      scope: ['customer-support-bot'],
      expires: { kind: 'never' },
    },
    defaultExpiry: 30,
    maxLifetime: 365,
    fix: { expires: period(365) },
  },
  'leaves an adopted key without an end alone, since nothing would renew it': {
    desired: {
      permissions: ['read_scenarios'],
      scope: ['customer-support-bot'],
      expires: { kind: 'never' },
    },
    adopted: true,
    fix: null,
    left: [['no-expiry', 'First fluxloop-keys rotate ci-pipeline']],
  },
  'leaves a key alone that is to be adopted, where nobody sees it': {
    desired: {
      permissions: ['read_scenarios'],
      scope: ['customer-support-bot'],
      expires: { kind: 'never' },
      adopt: 'key_found',
    },
    offline: true,
    fix: null,
    left: [['no-expiry', 'it is adopted']],
  },
  'takes no permission away offline, and gives an end anyway': {
    desired: { permissions: both, scope: 'all', expires: { kind: 'never' } },
    offline: true,
    fix: { expires: period(90) },
    left: [
      ['unused-permission', unseenReasons['offline']],
      ['all-projects', unseenReasons['offline']],
    ],
  },
}

function factsOf({ desired, usage = pulls, age = 40, maxLifetime, offline, adopted }: Case): AuditFacts {
  const key = { ...desiredKey({ owner: 'platform-team', environment: 'ci' }), ...desired }
  const at = now - age * day
  const state: MarkerState = adopted ? { kind: 'external' } : { kind: 'delivered', visibleEnd: 'no34z', at }
  const live = {
    maskedKey: 'flux_ci_****...no34z',
    createdAt: at,
    expiresAt: now + 50 * day,
    lastUse: usedAt(now - day),
  }
  const keys = [managedKey(key, { state, live })]
  const environments =
    maxLifetime === undefined
      ? {}
      : { ci: { maxLifetime: maxLifetime * day, allow: null, deny: [] as const } }
  return {
    desired: desiredState([key], {
      policy: { forbid: [], breakGlass: [], audit: { ...emptyAuditPolicy, environments } },
    }),
    live: offline
      ? null
      : { platform: 'https://api.fluxloop.ai', keys, caller: callerWith(), complete: true },
    now,
    windowDays: 30,
    usage: new Map(keys.map(({ id }) => [id, usage])),
    ownRules: [],
    targets: everyKey,
    requests: 0,
  }
}

for (const [title, given] of Object.entries(cases)) {
  t.test(title, async t => {
    const facts = factsOf(given)
    const byDefault = given.defaultExpiry === undefined ? null : given.defaultExpiry * day
    const { fixes, left } = proposeFixes(auditState(facts), facts, byDefault)
    const nothing = { permissions: null, scope: null, expires: null }
    t.strictSame(fixes, given.fix === null ? [] : [{ keyId: 'ci-pipeline', ...nothing, ...given.fix }])
    for (const [rule, why] of given.left ?? [])
      t.ok(
        left.some(each => each.rule === rule && each.why.includes(why)),
        `${rule}: ${why}, not ${JSON.stringify(left)}`,
      )
    if (given.left === undefined) t.strictSame(left, [], 'nothing is left alone')
  })
}
