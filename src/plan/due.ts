import type { RotationReason } from '../model/change.ts'
import type { DesiredKey, Rotation } from '../model/desired.ts'
import type { Instant, Milliseconds } from '../model/duration.ts'
import { shortHash } from '../model/hash.ts'
import { type LiveKey, secretMadeAt } from '../model/live-key.ts'
import { wantedEnd } from './fields.ts'

/**
 * The age at which each key is due, by key id. Keys with one `maxAge` take slots over its last third, in the order of
 * their hashes, so that keys made together do not fall due together: earlier, never later, and the same everywhere.
 */
export function dueAges(stack: string, keys: readonly DesiredKey[]): ReadonlyMap<string, Milliseconds> {
  const peers = new Map<Milliseconds, { readonly keyId: string; readonly order: string }[]>()
  for (const { keyId, rotation } of keys) {
    if (rotation.maxAge === null) continue
    const group = peers.get(rotation.maxAge) ?? []
    group.push({ keyId, order: shortHash(`${stack}/${keyId}`, 8) + keyId })
    peers.set(rotation.maxAge, group)
  }
  const ages = new Map<string, Milliseconds>()
  for (const [maxAge, group] of peers) {
    group.sort((a, b) => (a.order < b.order ? -1 : 1))
    for (const [rank, { keyId }] of group.entries())
      ages.set(keyId, maxAge - ((maxAge / 3) * rank) / group.length)
  }
  return ages
}

function isExpired(live: LiveKey, now: Instant): boolean {
  return live.status === 'expired' || (live.expiresAt !== null && live.expiresAt <= now)
}

/** How a head is replaced: in place only where that is declared, can be done, and cuts off nobody it must not. */
export function strategyOf(
  desired: DesiredKey,
  live: LiveKey,
  callerId: string | null,
  now: Instant,
): Rotation['strategy'] {
  const spared = desired.protect || live.id === callerId
  const otherEnvironment = desired.environment !== null && live.environment !== desired.environment
  return spared || otherEnvironment || isExpired(live, now) ? 'overlap' : desired.rotation.strategy
}

/** Why a head needs a successor; empty where it needs none. A fixed date never causes a rotation. */
export function rotationReasons(
  desired: DesiredKey,
  live: LiveKey,
  dueAge: Milliseconds | undefined,
  now: Instant,
): readonly RotationReason[] {
  const { rotation, expires } = desired
  const reasons: RotationReason[] = []
  if (desired.environment !== null && live.environment !== null && live.environment !== desired.environment) {
    reasons.push({ code: 'environment', current: live.environment, desired: desired.environment })
  }
  const age = now - secretMadeAt(live)
  if (rotation.maxAge !== null && dueAge !== undefined && age >= dueAge) {
    reasons.push({ code: 'past-max-age', age, maxAge: rotation.maxAge })
  }
  const end = expires.kind === 'period' ? wantedEnd(desired, live) : null
  if (expires.kind !== 'until' && isExpired(live, now)) {
    reasons.push({ code: 'expired', end: live.expiresAt ?? now })
  } else if (end !== null && end < now + rotation.renewBefore) {
    reasons.push({ code: 'ends-soon', end, renewBefore: rotation.renewBefore })
  }
  return reasons
}

/** The first moment, at `from` or later, at which a head has a reason to be replaced; null: time gives it none. */
export function dueAt(
  desired: DesiredKey,
  live: LiveKey,
  dueAge: Milliseconds | undefined,
  from: Instant,
): Instant | null {
  if (rotationReasons(desired, live, dueAge, from).length > 0) return from
  const { rotation, expires } = desired
  const end = expires.kind === 'period' ? wantedEnd(desired, live) : null
  const moments = [
    ...(rotation.maxAge === null || dueAge === undefined ? [] : [Math.ceil(secretMadeAt(live) + dueAge)]),
    ...(expires.kind === 'until' || live.expiresAt === null ? [] : [live.expiresAt]),
    ...(end === null ? [] : [end - rotation.renewBefore + 1]),
  ].filter(moment => moment >= from)
  return moments.length === 0 ? null : Math.min(...moments)
}
