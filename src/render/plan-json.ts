import {
  type Change,
  type Deferred,
  type Plan,
  type Retiring,
  isHeldInPart,
  isRefused,
} from '../model/change.ts'
import type { Instant } from '../model/duration.ts'
import type { PlanAudit } from '../model/plan-audit.ts'
import { type LastUse, type LiveKey, shownEnvironment } from '../model/live-key.ts'
import { type FindingJson, findingToJson } from './finding-json.ts'
import type { FieldValues } from './field-diff.ts'
import { type PlanAuditJson, planAuditToJson } from './plan-audit.ts'
import { countChanges } from './plan-summary.ts'
import { type ProgramJson, changePrograms } from './programs.ts'
import { type ReasonCode, reasonsOf, renewalText, retiringText } from './reasons.ts'
import { type HomeJson, homeToJson } from './homes.ts'
import { isoTime } from './time.ts'
import { breakable } from './text.ts'
import { deferralText, waitText } from './key-lists.ts'
import { storeLabel } from '../model/store.ts'
import type { Targets } from '../model/targets.ts'
import { widenedFields } from '../model/widening.ts'
import { writtenFields } from './written-fields.ts'

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
  /** Where the secret of each declared key goes from here, be it touched or not. */
  readonly secrets: readonly HomeJson[]
  readonly findings: readonly FindingJson[]
  /** What audit's rules that need no usage say; null where nobody asked. */
  readonly audit: PlanAuditJson | null
  readonly summary: Readonly<Record<Change['kind'], number>>
}

interface ChangeJson {
  readonly action: Change['kind']
  readonly key: string
  /** The live key's id; absent for a create. */
  readonly id?: string
  readonly name: string
  /** Of the key to be made, or of the live key that is revoked; null where none is made or none can be. */
  readonly generation: number | null
  readonly reasons: readonly { readonly code: ReasonCode; readonly message: string }[]
  readonly fields: readonly FieldJson[]
  /** It grants more than the key has now. */
  readonly widens: boolean
  /** Where a secret will be put; empty where none moves. */
  readonly stores: readonly string[]
  /** The stores that its declaration lost, and out of which the secret will be taken. */
  readonly removed_stores: readonly string[]
  /** The programs of `exec` stores that it is about. */
  readonly programs: readonly ProgramJson[]
  /** Only in a heal: the ids of those that are revoked where none can be finished. */
  readonly excess?: readonly string[]
  /** Only in a heal: the live keys that an interrupted run left. */
  readonly pending?: readonly KeyJson[]
  /** Only in a rotation or a delivery: whether a successor takes its place, or the key is regenerated. */
  readonly strategy?: 'overlap' | 'in-place'
  /** Only in a delivery: no store can be read, so a new generation is certain. */
  readonly rotates?: boolean
  /** Only in an update: it narrows a key that retires. */
  readonly superseded?: boolean
  /** Only where a successor is made or finished: the live keys that are marked as retiring for it. */
  readonly retires?: readonly string[]
}

interface FieldJson {
  readonly field: FieldValues['field']
  readonly current: FieldValueJson
  readonly desired: FieldValueJson
  /** Null where a new key, or a new secret, is made as declared. */
  readonly cause: 'drift' | 'changed' | 'both' | 'asked' | null
  readonly widens: boolean
}
type FieldValueJson = string | boolean | null | readonly string[]

interface KeyJson {
  readonly id: string
  readonly name: string
  readonly masked_key: string
  readonly environment: string | null
  readonly scope: 'all' | readonly string[]
  readonly permissions: readonly string[]
  readonly status: LiveKey['status']
  readonly created_at: string
  /** Null: never. */
  readonly expires_at: string | null
  readonly last_use: LastUseJson
}

/** Null: the platform does not say. `at` is null where the key was never used. */
export type LastUseJson = {
  readonly at: string | null
  readonly ip: string | null
  readonly location: string | null
  readonly user_agent: string | null
} | null

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
    refused: isRefused(plan),
    held: isHeldInPart(plan),
    forecast: plan.view === 'forecast',
    drift: plan.view === 'drift',
    targets: { only: targets.only, except: targets.except },
    changes: changes.map(change => changeToJson(change, now)),
    deferred: plan.deferred.map(each => deferredToJson(each, now)),
    retiring: retiring.map(each => retiringToJson(each, now)),
    unmanaged: unmanaged.map(keyToJson),
    secrets: homes.map(home => homeToJson(home, keychain)),
    findings: findings.map(finding => findingToJson(finding, now)),
    audit: audit === null ? null : planAuditToJson(audit),
    summary: countChanges(changes),
  }
}

function changeToJson(change: Change, now: Instant): ChangeJson {
  const fields = writtenFields(change, now).map(field => ({
    ...fieldToJson(field),
    cause: field.cause,
    widens: field.widens,
  }))
  return {
    action: change.kind,
    key: change.keyId,
    ...('live' in change ? { id: change.live.id } : {}),
    name: 'desired' in change ? change.desired.name : change.live.name,
    generation: 'generation' in change ? change.generation : null,
    reasons: reasonsOf(change, now).map(({ code, text }) => ({ code, message: breakable(text) })),
    fields,
    widens: widenedFields(change).length > 0,
    stores:
      change.kind === 'adopt' ||
      change.kind === 'update' ||
      change.kind === 'release' ||
      change.kind === 'revoke'
        ? []
        : change.desired.stores.map(({ spec }) => storeLabel(spec)),
    removed_stores: 'removal' in change ? change.removal.from.map(({ spec }) => storeLabel(spec)) : [],
    programs: changePrograms(change),
    ...(change.kind === 'heal'
      ? {
          pending: change.pending.map(({ live }) => keyToJson(live)),
          excess: change.excess.map(({ id }) => id),
        }
      : {}),
    ...(change.kind === 'rotate' || change.kind === 'deliver' ? { strategy: change.strategy } : {}),
    ...(change.kind === 'deliver' ? { rotates: change.rotates } : {}),
    ...(change.kind === 'update' ? { superseded: change.superseded } : {}),
    ...('predecessors' in change ? { retires: change.predecessors.map(({ id }) => id) } : {}),
  }
}

function fieldToJson(values: FieldValues): Pick<FieldJson, 'field' | 'current' | 'desired'> {
  const { field, current, desired } = values
  if (values.field !== 'expires')
    return { field, current, desired } as Pick<FieldJson, 'field' | 'current' | 'desired'>
  return { field, current: endToJson(values.current), desired: endToJson(values.desired) }
}

function endToJson(end: Instant | null): string | null {
  return end === null ? null : isoTime(end)
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

function keyToJson(live: LiveKey): KeyJson {
  return {
    id: live.id,
    name: live.name,
    masked_key: live.maskedKey,
    environment: shownEnvironment(live),
    scope: live.scope,
    permissions: live.permissions,
    status: live.status,
    created_at: isoTime(live.createdAt),
    expires_at: endToJson(live.expiresAt),
    last_use: lastUseToJson(live.lastUse),
  }
}

export function lastUseToJson(lastUse: LastUse): LastUseJson {
  if (!lastUse.known) return null
  const { at, ip, location, userAgent } = lastUse
  return { at: endToJson(at), ip, location, user_agent: userAgent }
}
