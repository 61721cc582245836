import type { Change, Retiring, RevocationReason, Revoke } from '../model/change.ts'
import type { Instant, Milliseconds } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { type Lineage, type ManagedKey, deliveredAt, overtakes } from '../lifecycle/lineage.ts'
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

/** What the use of a key may hold up. */
interface GateRule {
  readonly quiet: Milliseconds
  /** Its use holds up nothing. */
  readonly waived: boolean
}

/** Up to when a use by our own user agent was the delivery. Others delivered an adopted key, so none of its uses was. */
function ownUseUntil({ live, marker }: EndingKey): Instant | null {
  // Whoever made an unmanaged key, its uses are uses.
  if (marker === null || marker.state.kind === 'external') return live.createdAt
  return deliveredAt({ live, marker })
}

/** Revokes a key, unless it is the calling one, or its use holds it. */
function decide(
  keyId: string,
  key: EndingKey,
  reason: RevocationReason,
  rule: GateRule,
  facts: Facts,
): RetirementDecision {
  const { live, marker } = key
  const generation = marker?.generation ?? 0
  if (isCallingKey(live, facts)) {
    return { finding: { severity: 'warning', code: 'calling-key', keyId, liveId: live.id, action: 'revoke' } }
  }
  const gate = { ...rule, deliveredAt: ownUseUntil(key) }
  const wait = usageGate(live, gate, facts.now)
  if (wait !== null) return { retiring: { keyId, live, generation, reason, wait } }
  return { revoke: { kind: 'revoke', keyId, live, generation, reason, gate } }
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

/** The deadlines that successors set for a superseded key which were delivered after it. */
function deadlinesFor({ head, superseded }: Lineage, key: ManagedKey): readonly Instant[] {
  const delivered = deliveredAt(key)
  return [...(head === null ? [] : [head]), ...superseded].flatMap(({ marker: { state, generation } }) =>
    state.kind === 'delivered' && generation > key.marker.generation && state.at >= (delivered ?? state.at)
      ? [state.graceUntil]
      : [],
  )
}

/** Was the head delivered after this key? True where one of them was not delivered at all. */
function isAfter(head: ManagedKey | null, key: ManagedKey): boolean {
  const [given, taken] = [head === null ? null : deliveredAt(head), deliveredAt(key)]
  if (given === null || taken === null) return true
  return head?.marker.generation === key.marker.generation ? given > taken : given >= taken
}

/**
 * The end of a superseded key's grace: the first deadline that a successor set for it, so that a further rotation does not
 * start it anew. Null where it has none.
 */
function graceEnd(lineage: Lineage, key: ManagedKey): Instant | null {
  const { head } = lineage
  const { state } = key.marker
  if (state.kind === 'leaked') return null
  const deadlines = [...deadlinesFor(lineage, key)]
  // An adopted head gives no deadline, nor does one whose delivery did not come after, as where a clock was set back: what was
  // delivered lately stays at least as long as its kin.
  const given = head?.marker.state.kind === 'delivered' ? head.marker.state.graceUntil : 0
  const own = state.kind === 'delivered' ? [Math.max(state.graceUntil, given)] : []
  if (head?.marker.state.kind === 'external' || !isAfter(head, key)) deadlines.push(...own)
  if (deadlines.length > 0) return Math.min(...deadlines)
  // A twin has the head's.
  return head?.marker.state.kind === 'delivered' ? head.marker.state.graceUntil : null
}

/** The generation that takes the place of what leaked or is superseded, made or to be made. */
function successorOf({ head, pending, highest }: Lineage): number {
  return (head ?? pending[0])?.marker.generation ?? highest + 1
}

/** A predecessor goes once its grace is over and nobody uses it, and stays while its successor's delivery is in doubt. */
export function retireSuperseded(
  lineage: Lineage,
  key: ManagedKey,
  quiet: Milliseconds,
  headIsDelivered: boolean,
  facts: Facts,
): RetirementDecision {
  const { keyId, head } = lineage
  const { now } = facts
  const end = graceEnd(lineage, key)
  const deadline = end ?? now
  const reason: RevocationReason = { code: 'superseded', head: successorOf(lineage), deadline }
  const { live, marker } = key
  const retiring = { keyId, live, generation: marker.generation, reason }
  if (deadline > now) return { retiring: { ...retiring, wait: { code: 'grace', until: deadline } } }
  // Where what leaked took its deadline along, the next head gives it a new one.
  // What overtook the head may be what consumers use, so it stays until the next head gives it a grace of its own.
  const overtook = overtakes(key, lineage, now) && deadlinesFor(lineage, key).length === 0
  const isInDoubt =
    overtook || !headIsDelivered || (head === null && end === null && marker.state.kind !== 'leaked')
  if (isInDoubt) return { retiring: { ...retiring, wait: { code: 'successor-pending' } } }
  return decideRevocation(keyId, key, reason, quiet, facts)
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
  const making = beingMade(key, facts)
  if (making !== null) return { finding: making }
  return decideRevocation(keyId, key, { code: 'undeclared' }, quiet, facts)
}
