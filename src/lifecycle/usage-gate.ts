import type { Retiring, UsageGate } from '../model/change.ts'
import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'

/** The start of the user agent of every version of this program. */
export const ownUserAgent = 'fluxloop-keys/'

export type GateWait = Extract<Retiring['wait'], { code: 'in-use' | 'usage-unknown' }>

/**
 * Whether a key may be revoked as far as its use goes; null: it may. No data means no; never used means yes. Apply asks
 * again, with fresh facts, right before it revokes.
 */
export function usageGate(live: LiveKey, gate: UsageGate, now: Instant): GateWait | null {
  if (gate.waived || isBeyondUse(live, now)) return null
  const { lastUse } = live
  if (!lastUse.known) return { code: 'usage-unknown' }
  if (lastUse.at === null) return null
  const ours = lastUse.userAgent?.startsWith(ownUserAgent) ?? false
  if (ours && (gate.deliveredAt === null || lastUse.at <= gate.deliveredAt)) return null
  return now - lastUse.at >= gate.quiet ? null : { code: 'in-use', lastUse, quiet: gate.quiet }
}

/** Expired, or leaked: nobody has a claim to it. */
function isBeyondUse(live: LiveKey, now: Instant): boolean {
  if (live.status === 'expired' || (live.expiresAt !== null && live.expiresAt <= now)) return true
  return live.ownership.kind === 'managed' && live.ownership.marker.state.kind === 'leaked'
}
