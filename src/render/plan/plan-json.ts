import {
  type Change,
  type Deferred,
  type Plan,
  type Retiring,
  isHeldInPart,
  isRefused,
} from '../../model/change.ts'
import type { Instant } from '../../model/duration.ts'
import type { PlanAudit } from '../../model/plan-audit.ts'
import { type AffectedConsumerJson, affectedToJson } from './consumers.ts'
import { type FindingJson, findingToJson } from './finding-json.ts'
import { type PlanAuditJson, planAuditToJson } from './plan-audit-text.ts'
import { countChanges } from './plan-summary.ts'
import { type ReasonCode, renewalText, retiringText } from './reasons.ts'
import { type HomeJson, homeToJson } from './homes-text.ts'
import { isoTime } from '../text/time.ts'
import { breakable } from '../text/layout.ts'
import { deferralText, waitText } from './key-lists.ts'
import type { Targets } from '../../model/targets.ts'
import { type ChangeJson, changeToJson } from './change-json.ts'
import { type KeyJson, type LastUseJson, endToJson, keyToJson, lastUseToJson } from '../keys/live-key-json.ts'

/**
 * A plan as `plan --json` prints it: a public shape, described in `schemas/plan.schema.json`. Its version's first
 * number grows when something is renamed or removed; properties may be added at any time. Names are snake_case as the
 * platform's are, times ISO 8601 in UTC, durations whole seconds. Values are exact; `message` and `hint` are texts for
 * people and may change at any time. No secret is in it.
 */
export interface PlanJson {
  readonly format_version: '1.0'
  /** The API's origin. */
  readonly platform: string
  readonly account: string
  readonly stack: string
  readonly now: string
  /** How many live keys the stack owns. */
  readonly managed: number
  /** The key id whose key authenticated the plan, which apply makes as declared last; null where the stack does not own it. */
  readonly calling_key: string | null
  readonly calling_live_id: string | null
  readonly refused: boolean
  /** A finding holds something back; apply would do the rest. */
  readonly held: boolean
  /** It is about another moment than the present: `now` is that moment, and apply takes no such plan. */
  readonly forecast: boolean
  /** Its changes are drift alone: what was changed on the platform since it was applied. */
  readonly drift: boolean
  /** The key ids that the plan is about, as patterns; empty lists: all of them. */
  readonly targets: Targets
  readonly changes: readonly ChangeJson[]
  /** Rotations that a later run does, the most urgent first. */
  readonly deferred: readonly DeferredJson[]
  readonly retiring: readonly RetiringJson[]
  readonly unmanaged: readonly KeyJson[]
  /** Whether a keychain works here; null where no secret depends on that. */
  readonly keychain: Plan['keychain']
  /** Where the secret of each declared key goes from here, be it touched or not. */
  readonly secrets: readonly HomeJson[]
  /** Whom the changes touch, of the consumers that keys declare. */
  readonly consumers: readonly AffectedConsumerJson[]
  readonly findings: readonly FindingJson[]
  /** What audit's rules that need no usage say; null where nobody asked. */
  readonly audit: PlanAuditJson | null
  readonly summary: Readonly<Record<Change['kind'], number>>
}

interface DeferredJson {
  readonly key: string
  readonly id: string
  readonly name: string
  readonly reasons: readonly { readonly code: ReasonCode; readonly message: string }[]
  /** From then on it does not wait; null where its end causes no rotation. */
  readonly until: string | null
  readonly message: string
}

interface RetiringJson {
  readonly key: string
  readonly id: string
  readonly name: string
  readonly generation: number
  readonly reason: { readonly code: Retiring['reason']['code']; readonly message: string }
  readonly wait: {
    readonly code: Retiring['wait']['code']
    readonly message: string
    readonly until?: string
    readonly quiet_seconds?: number
  }
  readonly last_use: LastUseJson
}

export function planToJson(plan: Plan, audit: PlanAudit | null = null): PlanJson {
  const {
    platform,
    account,
    stack,
    now,
    managed,
    callingKeyId,
    callingLiveId,
    targets,
    changes,
    retiring,
    unmanaged,
    findings,
  } = plan
  const { homes, keychain } = plan
  return {
    format_version: '1.0',
    platform,
    account,
    stack,
    now: isoTime(now),
    managed,
    calling_key: callingKeyId,
    calling_live_id: callingLiveId,
    refused: isRefused(plan),
    held: isHeldInPart(plan),
    forecast: plan.view === 'forecast',
    drift: plan.view === 'drift',
    targets: { only: targets.only, except: targets.except },
    changes: changes.map(change => changeToJson(change, now)),
    deferred: plan.deferred.map(each => deferredToJson(each, now)),
    retiring: retiring.map(each => retiringToJson(each, now)),
    unmanaged: unmanaged.map(keyToJson),
    keychain,
    secrets: homes.map(home => homeToJson(home, keychain)),
    consumers: plan.consumers.map(affectedToJson),
    findings: findings.map(finding => findingToJson(finding, now)),
    audit: audit === null ? null : planAuditToJson(audit),
    summary: countChanges(changes),
  }
}

function deferredToJson(each: Deferred, now: Instant): DeferredJson {
  const { keyId: key, live, reasons, until } = each
  return {
    key,
    id: live.id,
    name: live.name,
    reasons: reasons.map(reason => ({
      code: reason.code,
      message: breakable(renewalText(reason, now)),
    })),
    until: endToJson(until),
    message: breakable(deferralText(each, now)),
  }
}

function retiringToJson(each: Retiring, now: Instant): RetiringJson {
  const { keyId, live, generation, reason, wait } = each
  return {
    key: keyId,
    id: live.id,
    name: live.name,
    generation,
    reason: { code: reason.code, message: breakable(retiringText(each)) },
    wait: {
      code: wait.code,
      message: breakable(waitText(each, now)),
      ...('until' in wait ? { until: isoTime(wait.until) } : {}),
      ...(wait.code === 'in-use' ? { quiet_seconds: Math.round(wait.quiet / 1000) } : {}),
    },
    last_use: lastUseToJson(live.lastUse),
  }
}
