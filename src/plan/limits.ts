import {
  type Change,
  type Deferred,
  type DeliveryReason,
  type RotationReason,
  isPruning,
} from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import { type LiveKey, secretMadeAt } from '../model/live-key.ts'
import { wantedEnd } from '../model/wanted-end.ts'
import type { Facts } from './facts.ts'
import { renewalReasons } from './rules.ts'
import { ageLimit } from '../lifecycle/spread.ts'

type Limit = Extract<Finding, { code: 'limit' }>
type Renewal = Extract<Change, { kind: 'rotate' | 'deliver' }>

/** How many declared key ids have a head. Further markers of one key id, whoever wrote them, make no limit wider. */
function headed({ desired, owned }: Facts): number {
  return desired.keys.filter(({ keyId }) => (owned.lineages.get(keyId)?.head ?? null) !== null).length
}

function allowedOf(action: Limit['action'], live: number, { desired: { limits }, options }: Facts): number {
  const raised = action === 'revoke' ? options.maxRevoke : options.maxRotate
  return Math.max(limits.always, Math.floor(limits[action] * live), raised ?? 0)
}

/**
 * What is to be said where revocations are above the limit, all of which are held: half of a mistake is one, too. Their key ids
 * count once each, and those that a successor replaced not at all.
 */
export function revocationLimit(
  changes: readonly Change[],
  facts: Facts,
): Extract<Limit, { action: 'revoke' }> | null {
  const { limits } = facts.desired
  const revoked = changes.filter(change => change.kind === 'revoke' && isPruning(change))
  if (revoked.length === 0) return null
  const keyIds = [...new Set(revoked.map(({ keyId }) => keyId))].sort()
  // A key id that nothing declares is one of those that the share is of only where it goes: forged ones stay.
  const going = keyIds.filter(keyId => (facts.owned.lineages.get(keyId)?.head ?? null) !== null)
  const live = headed(facts) + going.length
  const allowed = allowedOf('revoke', live, facts)
  const [count, share, always] = [keyIds.length, limits.revoke, limits.always]
  if (count <= allowed) return null
  return { severity: 'held', code: 'limit', action: 'revoke', count, live, allowed, share, always, keyIds }
}

/** Reasons that somebody gave, rather than time: they count for nothing. */
const asked: readonly RotationReason['code'][] = ['environment', 'unproven', 'leaked', 'requested']
/** Reasons that can wait for a later run: the secret that consumers have works on. */
const patient: readonly (RotationReason | DeliveryReason)['code'][] = [
  'past-max-age',
  'ends-with-others',
  'store-added',
  'store-changed',
]

const isPatient = ({ code }: RotationReason | DeliveryReason) => patient.includes(code)

/** A rotation that nobody asked for, or a delivery that makes a new secret for want of a readable store. */
function counts(change: Change): change is Renewal {
  if (change.kind === 'deliver') return change.rotates
  return change.kind === 'rotate' && change.reasons.every(({ code }) => !asked.includes(code))
}

/** Only a head waits whose secret works in its stores. */
function canWait({ keyId, desired, live, reasons }: Renewal, facts: Facts): boolean {
  const lineage = facts.owned.lineages.get(keyId)
  const head = lineage?.head ?? null
  if (lineage === undefined || head === null || head.live !== live) return false
  return (
    reasons.every(isPatient) && renewalReasons({ desired, lineage }, head, facts).delivery.every(isPatient)
  )
}

/** The moment from which a head does not wait, since its end is near; null where its end causes no rotation. */
function urgentFrom(desired: DesiredKey, live: LiveKey): Instant | null {
  const end = desired.expires.kind === 'period' ? wantedEnd(desired, live) : null
  return end === null ? null : end - desired.rotation.renewBefore + 1
}

/** When a secret is as old as it may get; a further store is less urgent than that. */
function deadline({ desired, live, kind }: Renewal): Instant {
  const limit = kind === 'deliver' ? null : ageLimit(desired)
  return limit === null ? Infinity : secretMadeAt(live) + limit
}

function byUrgency(a: Renewal, b: Renewal): number {
  const [first, second] = [deadline(a), deadline(b)]
  if (first !== second) return first < second ? -1 : 1
  return a.keyId < b.keyId ? -1 : 1
}

/** The rotations that a later run does, since this one does as many as the limit allows, the most urgent first. */
export function deferRotations(
  changes: readonly Change[],
  facts: Facts,
): { readonly deferred: readonly Deferred[]; readonly findings: readonly Limit[] } {
  const { limits } = facts.desired
  const counted = changes.filter(counts)
  if (counted.length === 0) return { deferred: [], findings: [] }
  const live = headed(facts)
  const allowed = allowedOf('rotate', live, facts)
  if (counted.length <= allowed) return { deferred: [], findings: [] }
  const waiting = counted.filter(change => canWait(change, facts)).sort(byUrgency)
  const room = Math.max(0, allowed - (counted.length - waiting.length))
  const deferred = waiting.slice(room).map(({ keyId, desired, live, reasons }) => ({
    keyId,
    live,
    reasons,
    until: urgentFrom(desired, live),
  }))
  const [count, share, always] = [counted.length, limits.rotate, limits.always]
  const keyIds = deferred.map(({ keyId }) => keyId).sort()
  return {
    deferred,
    findings:
      deferred.length === 0
        ? []
        : [
            {
              severity: 'warning',
              code: 'limit',
              action: 'rotate',
              count,
              live,
              allowed,
              share,
              always,
              keyIds,
            },
          ],
  }
}
