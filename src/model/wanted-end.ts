import type { DesiredKey } from './desired.ts'
import type { Instant } from './duration.ts'
import { endOfLife, endTolerance } from './lifetime.ts'
import { type LiveKey, secretMadeAt } from './live-key.ts'

type Declared = Pick<DesiredKey, 'expires' | 'rotation'>

/** The end that a live key should have, given when its secret was made. Null: never. */
export function wantedEnd(desired: Declared, live: LiveKey): Instant | null {
  return endOfLife(desired.expires, secretMadeAt(live))
}

function endDiffers(desired: Declared, live: LiveKey): boolean {
  const wanted = wantedEnd(desired, live)
  if (wanted === null || live.expiresAt === null) return wanted !== live.expiresAt
  return Math.abs(wanted - live.expiresAt) >= endTolerance(desired.expires)
}

/** An end that is past, or so near that the key is due for rotation, is never written: that would be a revocation that asks no gate. */
function isTooNear(wanted: Instant, { expires, rotation }: Declared, now: Instant): boolean {
  return wanted < now + (expires.kind === 'period' ? rotation.renewBefore : 0)
}

/** Does the end have to move, and may it? */
export function endMoves(desired: Declared, live: LiveKey, now: Instant): boolean {
  const wanted = wantedEnd(desired, live)
  return endDiffers(desired, live) && (wanted === null || !isTooNear(wanted, desired, now))
}

/** The end that a live key should have and does not get, since it may not be written; null: it has its end, or gets it. */
export function withheldEnd(desired: Declared, live: LiveKey, now: Instant): Instant | null {
  const wanted = wantedEnd(desired, live)
  if (wanted === null || !endDiffers(desired, live)) return null
  return isTooNear(wanted, desired, now) ? wanted : null
}

/** Others hold its secret, so nobody rotates it unasked. */
export function isAdopted({ ownership }: LiveKey): boolean {
  return ownership.kind === 'managed' && ownership.marker.state.kind === 'external'
}
