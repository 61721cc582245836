import t from 'tap'
import { auditPlan } from '../../src/audit/audit-plan.ts'
import { type AuditPolicy, emptyAuditPolicy } from '../../src/model/audit-policy.ts'
import type { DesiredKey } from '../../src/model/desired.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { PlanOptions } from '../../src/plan/input.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import {
  currentState,
  desiredKey,
  desiredState,
  liveKey,
  managedKey,
  now,
  options,
  usedAt,
} from '../support/build.ts'

const key = desiredKey({ owner: 'platform-team' })
const used = { lastUse: usedAt(now - hour) }

interface Case {
  readonly desired?: Parameters<typeof desiredKey>[0]
  readonly keys?: (declared: DesiredKey) => readonly LiveKey[]
  readonly policy?: Partial<AuditPolicy>
  readonly options?: Partial<PlanOptions>
}

function audited({ desired, keys = () => [], policy, options: asked }: Case) {
  const declared = desiredKey({ owner: 'platform-team', ...desired })
  const state = desiredState([declared], {
    policy: { forbid: [], breakGlass: [], audit: { ...emptyAuditPolicy, failOn: 'info', ...policy } },
  })
  const current = currentState(keys(declared))
  const plan = computePlan(state, current, now, options(asked))
  const { caller, complete } = current
  const live = { platform: 'https://api.fluxloop.ai', keys: current.keys, caller, complete }
  const facts = {
    desired: state,
    live,
    now,
    windowDays: 30,
    ownRules: [],
    targets: plan.targets,
    requests: 0,
  }
  const { findings, refusing } = auditPlan(facts, plan)
  const rules = (list: typeof findings) => list.map(({ rule }) => rule)
  return {
    changes: plan.changes.map(({ kind }) => kind),
    shows: rules(findings),
    refusesFor: rules(refusing),
  }
}

t.test(
  'refuses for what declarations say, shows what is wrong with live keys, and leaves out what the plan mends',
  async t => {
    const stale = { maskedKey: 'flux_ci_****...other' }
    const old = { createdAt: now - 70 * day, expiresAt: now + 20 * day, ...used }
    const rows: Record<string, { readonly given: Case; readonly is: ReturnType<typeof audited> }> = {
      'nothing wrong': {
        given: { keys: declared => [managedKey(declared, { live: used })] },
        is: { changes: [], shows: [], refusesFor: [] },
      },
      'a key to be made that never ends': {
        given: { desired: { expires: { kind: 'never' } } },
        is: { changes: ['create'], shows: ['no-expiry'], refusesFor: ['no-expiry'] },
      },
      'past its age, and rotated': {
        given: { keys: declared => [managedKey(declared, { live: old })] },
        is: { changes: ['rotate'], shows: [], refusesFor: [] },
      },
      'past its age, and its stores are on another host': {
        given: {
          keys: declared => [managedKey(declared, { live: old, marked: { host: '99999999' } })],
          options: { localKeys: new Set(['ci-pipeline']) },
        },
        is: { changes: [], shows: ['past-max-age', 'rotation-overdue'], refusesFor: [] },
      },
      'stores with a dead secret, delivered anew': {
        given: {
          keys: declared => [
            managedKey(declared, {
              state: { kind: 'delivered', visibleEnd: 'no34z', at: now - 9 * day },
              live: { ...stale, ...used },
            }),
          ],
        },
        is: { changes: ['deliver'], shows: [], refusesFor: [] },
      },
      'half made, and healed': {
        given: {
          keys: declared => [
            managedKey(declared, { state: { kind: 'pending' }, live: { createdAt: now - hour } }),
          ],
        },
        is: { changes: ['heal'], shows: [], refusesFor: [] },
      },
      'unmanaged key': {
        given: { keys: declared => [managedKey(declared, { live: used }), liveKey(used)] },
        is: { changes: [], shows: ['unmanaged-key'], refusesFor: [] },
      },
      'unmanaged key, when only some keys are meant': {
        given: {
          keys: declared => [managedKey(declared, { live: used }), liveKey(used)],
          options: { targets: { only: ['ci-*'], except: [] } },
        },
        is: { changes: [], shows: [], refusesFor: [] },
      },
      'below the severity at which the policy fails': {
        given: { desired: { expires: { kind: 'never' } }, policy: { failOn: 'critical' } },
        is: { changes: ['create'], shows: ['no-expiry'], refusesFor: [] },
      },
      'a policy that does not say when it fails': {
        given: { desired: { expires: { kind: 'never' } }, policy: { failOn: null } },
        is: { changes: ['create'], shows: ['no-expiry'], refusesFor: [] },
      },
      'a secret that others know': {
        given: {
          desired: { permissions: ['manage_keys'] },
          keys: declared => [managedKey(declared, { live: used })],
          options: { rotate: new Map([['ci-pipeline', { note: null, leaked: true }]]) },
        },
        is: { changes: ['rotate', 'revoke'], shows: ['can-manage-keys'], refusesFor: [] },
      },
      'a rotation that somebody asked for': {
        given: {
          desired: { permissions: ['manage_keys'] },
          keys: declared => [managedKey(declared, { live: used })],
          options: { rotate: new Map([['ci-pipeline', { note: null, leaked: false }]]) },
        },
        is: { changes: ['rotate'], shows: ['can-manage-keys'], refusesFor: ['can-manage-keys'] },
      },
      'an exception': {
        given: {
          desired: {
            permissions: ['manage_keys'],
            exceptions: [
              {
                rule: 'can-manage-keys',
                permission: null,
                project: null,
                reason: 'it runs apply',
                owner: null,
                until: now + day,
                position: key.position,
              },
            ],
          },
          keys: declared => [managedKey(declared, { live: used })],
        },
        is: { changes: [], shows: ['can-manage-keys'], refusesFor: [] },
      },
      'rules that need usage': {
        given: { policy: { severities: { 'unused-permission': 'critical' } } },
        is: { changes: ['create'], shows: [], refusesFor: [] },
      },
    }
    for (const [name, { given, is }] of Object.entries(rows)) t.strictSame(audited(given), is, name)
  },
)
