import type { Change, Plan, RotationReason } from '../model/change.ts'
import type { DesiredKey, DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { FieldChange } from '../model/field-change.ts'
import type { Finding } from '../model/finding.ts'
import type { EmergencyGrant } from '../model/marker.ts'
import { noRemoval } from '../model/removal.ts'
import { isTargeted } from '../model/targets.ts'
import { stateAt } from '../model/desired-at.ts'
import { computePlan } from './compute-plan.ts'
import { isReadable } from '../lifecycle/health.ts'
import { deliveryReasons } from './delivery.ts'
import { strategyOf } from '../lifecycle/due.ts'
import { fieldChanges, narrowing } from './fields.ts'
import type { CurrentState, PlanOptions } from './input.ts'
import { evidenceOf } from './find-proof.ts'
import { grantOf } from '../lifecycle/emergency.ts'
import { type Lineage, type ManagedKey, lineageOf } from '../lifecycle/lineage.ts'
import { ownedKeys } from '../lifecycle/ownership.ts'

/**
 * The plan as it would be at another moment if nothing happened before: no apply, and no use. It shows what time alone does,
 * and is not to be applied.
 */
export function forecastPlan(
  desired: DesiredState,
  current: CurrentState,
  at: Instant,
  options: PlanOptions,
): Plan {
  return { ...computePlan(desired, current, at, options), view: 'forecast' }
}

const isDrift = ({ cause }: FieldChange) => cause === 'drift' || cause === 'both'

function driftOf(
  desired: DesiredKey,
  key: ManagedKey,
  lineage: Lineage,
  { caller }: CurrentState,
  { now, grant }: { readonly now: Instant; readonly grant: EmergencyGrant | null },
): readonly Change[] {
  const { keyId } = desired
  const { live } = key
  const superseded = key !== lineage.head
  const found = superseded
    ? narrowing(desired, key, now, grant).fields
    : fieldChanges(desired, key, now, grant)
  const fields = found.filter(isDrift)
  const reasons = superseded
    ? []
    : deliveryReasons(desired, key, null).filter(
        ({ code }) => code !== 'store-added' && code !== 'store-changed',
      )
  if (reasons.length > 0) {
    const generation = lineage.next
    const strategy = strategyOf(desired, live, caller.key?.id ?? null, now)
    const rotates = !desired.stores.some(({ spec }) => isReadable(spec))
    const how = {
      generation,
      strategy,
      rotates,
      fields,
      narrowing: [],
      predecessors: [],
      reasons,
      removal: noRemoval,
    }
    return [{ kind: 'deliver', keyId, desired, live, ...how }]
  }
  return fields.length === 0
    ? []
    : [
        {
          kind: 'update',
          keyId,
          desired,
          live,
          superseded,
          fields,
          mark: { event: superseded ? 'narrowed' : 'updated' },
          proof: null,
          removal: noRemoval,
        },
      ]
}

/** Whoever replaced the head may still be at work. */
function hasOnlyRetiring(lineage: Lineage | undefined): boolean {
  return (
    lineage !== undefined &&
    lineage.head === null &&
    lineage.pending.length === 0 &&
    lineage.retiring.length > 0
  )
}

/** Nothing leads, or several keys do: somebody deleted the head, or wrote a marker. */
const isAboutHeads = ({ code }: RotationReason) => code === 'head-lost' || code === 'several-heads'

/** The changes of a plan by which a key id gets one head again, and its head a marker; what else they do is not drift. */
function headless(changes: readonly Change[], chosen: ReadonlySet<string>): readonly Change[] {
  return changes.flatMap((change): Change[] => {
    if (!chosen.has(change.keyId)) return []
    if (change.kind === 'rotate' && change.reasons.some(isAboutHeads)) {
      const reasons = change.reasons.filter(isAboutHeads)
      return [{ ...change, reasons, predecessors: [], removal: noRemoval }]
    }
    if (change.kind !== 'update' || !change.fields.some(({ field }) => field === 'state')) return []
    return [{ ...change, fields: change.fields.filter(isDrift), removal: noRemoval }]
  })
}

/**
 * What was changed on the platform since it was applied, and nothing else: fields that differ from what their marker
 * remembers, secrets that were regenerated there, markers that were edited, heads that were deleted while a predecessor lives. A key that is to
 * be rotated shows its drift too. A key that was deleted there otherwise left nothing behind that tells it from a new one, so keys without a
 * live one are only named.
 */
export function driftPlan(
  desired: DesiredState,
  current: CurrentState,
  now: Instant,
  options: PlanOptions,
): Plan {
  const plan = computePlan(desired, current, now, options)
  const { lineages } = ownedKeys(desired, current.keys, now, evidenceOf(desired.keys, options))
  const chosen = stateAt(desired, now).keys.filter(({ keyId }) => isTargeted(options.targets, keyId))
  const about = headless(plan.changes, new Set(chosen.map(({ keyId }) => keyId)))
  const whole = new Set(about.flatMap(change => (change.kind === 'update' ? [change.live.id] : [])))
  const fields = chosen
    .flatMap(key => {
      const lineage = lineages.get(key.keyId) ?? lineageOf(key.keyId, [])
      const kin = [...(lineage.head === null ? [] : [lineage.head]), ...lineage.retiring, ...lineage.leaked]
      return kin.flatMap(one => {
        const grant = grantOf(one, key.keyId, desired, options.signed, now)
        return driftOf(key, one, lineage, current, { now, grant })
      })
    })
    .filter(change => !('live' in change && whole.has(change.live.id)))
  const changes = [...about, ...fields].sort((a, b) => (a.keyId < b.keyId ? -1 : a.keyId > b.keyId ? 1 : 0))
  const adopted = new Set(plan.changes.flatMap(({ kind, keyId }) => (kind === 'adopt' ? [keyId] : [])))
  const gone = chosen
    .filter(({ keyId }) => !lineages.has(keyId) && !adopted.has(keyId))
    .map(({ keyId }) => keyId)
    .sort()
  const isWaiting = (finding: Finding) =>
    finding.code === 'being-made' && hasOnlyRetiring(lineages.get(finding.keyId))
  const findings: readonly Finding[] = [
    ...plan.findings.filter(finding => finding.code === 'marker-unreadable' || isWaiting(finding)),
    ...(gone.length > 0 ? [{ severity: 'warning', code: 'not-live', keyIds: gone } as const] : []),
  ]
  return {
    ...plan,
    changes,
    consumers: [],
    retiring: [],
    deferred: [],
    unmanaged: [],
    findings,
    view: 'drift',
  }
}
