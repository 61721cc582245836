import type { Change, Retiring, RevocationReason, Revoke, UsageGate } from '../model/change.ts'
import type { Milliseconds } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { type Lineage, type ManagedKey, graceEnd } from '../lifecycle/lineage.ts'
import { usageGate } from '../lifecycle/usage-gate.ts'
import { type Facts, isCallingKey } from './facts.ts'
import { beingMade } from './heal.ts'

/** What becomes of a key that has to go. */
export type RetirementDecision =
  { readonly revoke: Revoke } | { readonly retiring: Retiring } | { readonly finding: Finding }

/** A key that has to go; without a marker where it is unmanaged. */
interface EndingKey {
  readonly live: LiveKey
  readonly marker: Marker | null
}

/** Revokes a key, unless it is the calling one, or its use holds it. */
function decide(
  keyId: string,
  key: EndingKey,
  reason: RevocationReason,
  rule: UsageGate,
  facts: Facts,
): RetirementDecision {
  const { live, marker } = key
  const generation = marker?.generation ?? 0
  if (isCallingKey(live, facts)) {
    return { finding: { severity: 'warning', code: 'calling-key', keyId, liveId: live.id, action: 'revoke' } }
  }
  const wait = usageGate(live, rule, facts.now)
  if (wait !== null) return { retiring: { keyId, live, generation, reason, wait } }
  return { revoke: { kind: 'revoke', keyId, live, generation, reason, gate: rule } }
}

/** The same, where the user may have let its use pass for this run. */
export function decideRevocation(
  keyId: string,
  key: EndingKey,
  reason: RevocationReason,
  quiet: Milliseconds,
  facts: Facts,
): RetirementDecision {
  const { revokeInUse } = facts.options
  const waived = revokeInUse.includes(keyId) || revokeInUse.includes(key.live.id)
  return decide(keyId, key, reason, { quiet, waived }, facts)
}

/** The generation that takes the place of what leaked or retires, made or to be made. */
function successorOf({ head, pending, next }: Lineage): number {
  return (head ?? pending[0])?.marker.generation ?? next
}

/** A predecessor goes once its grace is over and nobody uses it, and stays while its successor's delivery is in doubt. */
export function retirePredecessor(
  lineage: Lineage,
  key: ManagedKey,
  quiet: Milliseconds,
  headIsDelivered: boolean,
  facts: Facts,
): RetirementDecision {
  const { keyId } = lineage
  const { now } = facts
  const { live, marker } = key
  const end = marker.state.kind === 'leaked' ? now : graceEnd(key, lineage)
  const deadline = end ?? now
  const reason: RevocationReason = { code: 'superseded', head: successorOf(lineage), deadline }
  const retiring = { keyId, live, generation: marker.generation, reason }
  if (deadline > now) return { retiring: { ...retiring, wait: { code: 'grace', until: deadline } } }
  if (end === null || !headIsDelivered)
    return { retiring: { ...retiring, wait: { code: 'successor-pending' } } }
  return decideRevocation(keyId, key, reason, quiet, facts)
}

/** Of one key id one retiring key is revoked at a time, the one that was marked first: `others` wait for it. */
export function oneAtATime(decisions: readonly RetirementDecision[]): readonly RetirementDecision[] {
  const first = decisions.findLast(decision => 'revoke' in decision)
  if (first === undefined || !('revoke' in first)) return decisions
  const { id: liveId } = first.revoke.live
  return decisions.map(decision => {
    if (!('revoke' in decision) || decision === first) return decision
    const { keyId, live, generation, reason } = decision.revoke
    return { retiring: { keyId, live, generation, reason, wait: { code: 'another-first', liveId } } }
  })
}

/** Nobody finished it, and no store is known to have it: it goes where a head works, and nobody uses it. */
export function retireAbandoned(
  { keyId }: Lineage,
  key: ManagedKey,
  quiet: Milliseconds,
  facts: Facts,
): RetirementDecision {
  return decideRevocation(keyId, key, { code: 'abandoned' }, quiet, facts)
}

/** What somebody calls leaked goes as soon as its successor is delivered: no grace, and no gate. */
export function retireLeaked(change: Change, facts: Facts): readonly RetirementDecision[] {
  if (change.kind !== 'rotate') return []
  const { keyId, generation, leaked } = change
  const reason: RevocationReason = { code: 'leaked', head: generation }
  return leaked.map(live => {
    const marker = live.ownership.kind === 'managed' ? live.ownership.marker : null
    return decide(keyId, { live, marker }, reason, { quiet: 0, waived: true }, facts)
  })
}

/** A key that nothing declares any more goes, unless it is protected, or another run is just making it. */
export function retireUndeclared(
  keyId: string,
  key: ManagedKey,
  quiet: Milliseconds,
  facts: Facts,
): RetirementDecision {
  if (key.marker.protected) {
    return { finding: { severity: 'warning', code: 'protected', keyId, liveId: key.live.id } }
  }
  const making = beingMade(keyId, key, facts)
  if (making !== null) return { finding: making }
  const reason: RevocationReason = { code: 'undeclared' }
  const { state } = key.marker
  // It keeps the deadline that it was given.
  if (state.kind === 'retiring' && state.graceUntil > facts.now) {
    const { live, marker } = key
    const wait = { code: 'grace', until: state.graceUntil } as const
    return { retiring: { keyId, live, generation: marker.generation, reason, wait } }
  }
  return decideRevocation(keyId, key, reason, quiet, facts)
}
