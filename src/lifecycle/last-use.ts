import type { Instant, Milliseconds } from '../model/duration.ts'
import { type LiveKey, secretMadeAt } from '../model/live-key.ts'

/** The start of the user agent of every version of this program. */
const ownUserAgent = 'fluxloop-keys/'

/**
 * What our user agent ends with when we look at a new secret before anybody has it. The platform keeps the last use alone, so where that is
 * this look, nobody used the key since: exact, whatever the clocks say.
 */
export const beforeDelivery = ' (before delivery)'

/** What it ends with when we prove a secret that others may have. Without either, a run called with the key, which is a use like any other. */
export const ofProof = ' (proof)'

/** What the last use of a key says about its users. */
export type Use =
  /** The platform does not say. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'never' }
  | { readonly kind: 'used'; readonly at: Instant }
  /**
   * Our own look, after the secret was handed out: it hides who used the key before, so it counts as a use by somebody else at that
   * moment. `before`: the last use of another key of the same key id that nothing hides; null where there is none.
   */
  | { readonly kind: 'hidden'; readonly at: Instant; readonly before: Instant | null }

const never: Use = { kind: 'never' }

/** The one judgement of who used a key: the gate, rules of audit and prune all go by it. */
export function useOf({ lastUse, ownership }: Pick<LiveKey, 'lastUse' | 'ownership'>): Use {
  if (!lastUse.known) return { kind: 'unknown' }
  const { at, userAgent } = lastUse
  if (at === null) return never
  if (userAgent?.startsWith(ownUserAgent) !== true) return { kind: 'used', at }
  // What we did not make, others had before we could look at it.
  const isMadeHere = ownership.kind === 'managed' && ownership.marker.state.kind !== 'external'
  if (isMadeHere && userAgent.endsWith(beforeDelivery)) return never
  return userAgent.endsWith(ofProof) ? { kind: 'hidden', at, before: null } : { kind: 'used', at }
}

function latest(moments: readonly Instant[]): Instant | null {
  return moments.length === 0 ? null : Math.max(...moments)
}

/** Of several keys, as if they were one. */
export function useOfAll(keys: readonly LiveKey[]): Use {
  const [only, ...others] = keys
  if (only !== undefined && others.length === 0) return useOf(only)
  const uses = keys.map(useOf)
  if (uses.some(({ kind }) => kind === 'unknown')) return { kind: 'unknown' }
  const used = latest(uses.flatMap(use => (use.kind === 'used' ? [use.at] : [])))
  const hidden = latest(uses.flatMap(use => (use.kind === 'hidden' ? [use.at] : [])))
  if (hidden !== null && (used === null || hidden > used)) return { kind: 'hidden', at: hidden, before: used }
  return used === null ? never : { kind: 'used', at: used }
}

/** Nobody used it for `after`. A key that is younger than that, or whose use nobody knows, cannot be called unused. */
export function isUnused(live: LiveKey, after: Milliseconds, now: Instant): boolean {
  const use = useOf(live)
  if (use.kind === 'unknown' || now - secretMadeAt(live) < after) return false
  return use.kind === 'never' || now - use.at >= after
}
