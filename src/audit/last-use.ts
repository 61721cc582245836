import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import { ownUserAgent } from '../model/usage-gate.ts'

/** Null: nobody ever did. Undefined where the platform does not tell. Our own look at a new secret is no use. */
export function lastUseOf({ lastUse, ownership }: LiveKey): Instant | null | undefined {
  if (!lastUse.known) return undefined
  if (lastUse.at === null) return null
  const state = ownership.kind === 'managed' ? ownership.marker.state : null
  const ours = lastUse.userAgent?.startsWith(ownUserAgent) ?? false
  return ours && state?.kind === 'delivered' && lastUse.at <= state.at ? null : lastUse.at
}

/** The latest of several keys. */
export function lastUseOfAll(keys: readonly LiveKey[]): Instant | null | undefined {
  const uses = keys.map(lastUseOf)
  if (uses.includes(undefined)) return undefined
  const known = uses.filter(use => typeof use === 'number')
  return known.length === 0 ? null : Math.max(...known)
}
