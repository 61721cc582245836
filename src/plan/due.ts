import type { RotationReason } from '../model/change.ts'
import type { DesiredKey, Rotation } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { type LiveKey, secretMadeAt } from '../model/live-key.ts'
import { wantedEnd } from './fields.ts'
import { dueAge } from './spread.ts'

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
  turn: number | undefined,
  now: Instant,
): readonly RotationReason[] {
  const { rotation, expires } = desired
  const reasons: RotationReason[] = []
  if (desired.environment !== null && live.environment !== null && live.environment !== desired.environment) {
    reasons.push({ code: 'environment', current: live.environment, desired: desired.environment })
  }
  const madeAt = secretMadeAt(live)
  const age = now - madeAt
  if (rotation.maxAge !== null && age >= dueAge(rotation.maxAge, turn, madeAt)) {
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
  turn: number | undefined,
  from: Instant,
): Instant | null {
  if (rotationReasons(desired, live, turn, from).length > 0) return from
  const { rotation, expires } = desired
  const madeAt = secretMadeAt(live)
  const end = expires.kind === 'period' ? wantedEnd(desired, live) : null
  const moments = [
    ...(rotation.maxAge === null ? [] : [Math.ceil(madeAt + dueAge(rotation.maxAge, turn, madeAt))]),
    ...(expires.kind === 'until' || live.expiresAt === null ? [] : [live.expiresAt]),
    ...(end === null ? [] : [end - rotation.renewBefore + 1]),
  ].filter(moment => moment >= from)
  return moments.length === 0 ? null : Math.min(...moments)
}
