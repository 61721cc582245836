import type { Retiring, UsageGate } from '../model/change.ts'
import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import { useOf } from './last-use.ts'

export type GateWait = Extract<Retiring['wait'], { code: 'in-use' | 'usage-unknown' }>

/**
 * Whether a key may be revoked as far as its use goes; null: it may. No data means no; never used means yes; our own look at a secret that
 * others may have means that somebody used it then. Apply asks again, with fresh facts, right before it revokes.
 */
export function usageGate(live: LiveKey, gate: UsageGate, now: Instant): GateWait | null {
  if (gate.waived || isBeyondUse(live, now)) return null
  const use = useOf(live)
  switch (use.kind) {
    case 'unknown':
      return { code: 'usage-unknown' }
    case 'never':
      return null
    case 'used':
    case 'hidden':
      return now - use.at >= gate.quiet ? null : { code: 'in-use', lastUse: live.lastUse, quiet: gate.quiet }
  }
}

/** Expired, or leaked: nobody has a claim to it. */
function isBeyondUse(live: LiveKey, now: Instant): boolean {
  if (live.status === 'expired' || (live.expiresAt !== null && live.expiresAt <= now)) return true
  return live.ownership.kind === 'managed' && live.ownership.marker.state.kind === 'leaked'
}
