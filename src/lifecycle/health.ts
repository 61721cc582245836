import { type Instant, type Milliseconds, minute } from '../model/duration.ts'
import { type LiveKey, endsAgree, regeneratedAt, secretMadeAt, visibleEnd } from '../model/live-key.ts'
import { presetOf } from '../model/preset.ts'
import type { StoreSpec } from '../model/store.ts'
import type { ManagedKey } from './lineage.ts'
import { ownUserAgent } from './usage-gate.ts'

/** Marker times are whole seconds, and a regeneration may share one with the delivery that follows it. */
const clockGrain = minute

/** Why the stores of a delivered key hold a dead secret. */
export type Staleness =
  /** The live key's end is not the one that was delivered. */
  | { readonly code: 'stale'; readonly delivered: string; readonly live: string }
  | { readonly code: 'regenerated-elsewhere'; readonly at: Instant }

/** Null where the stores hold the secret that works, or where the key was not delivered. */
export function staleness({ live, marker: { state } }: ManagedKey): Staleness | null {
  if (state.kind !== 'delivered') return null
  const end = visibleEnd(live.maskedKey)
  if (!endsAgree(state.visibleEnd, end)) return { code: 'stale', delivered: state.visibleEnd, live: end }
  const regenerated = regeneratedAt(live)
  return regenerated !== null && regenerated > state.at + clockGrain
    ? { code: 'regenerated-elsewhere', at: regenerated }
    : null
}

/**
 * When somebody last used a key. Null: nobody ever did. Undefined: the platform does not say. Our own look at a new secret,
 * before it was delivered, is no use.
 */
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

/** Nobody used it for `after`. A key that is younger than that, or whose use nobody knows, cannot be called unused. */
export function isUnused(live: LiveKey, after: Milliseconds, now: Instant): boolean {
  const last = lastUseOf(live)
  if (last === undefined || now - secretMadeAt(live) < after) return false
  return last === null || now - last >= after
}

/** A store that can tell the secret it holds. One with a fallback can only where both can. */
export function isReadable(spec: StoreSpec): boolean {
  switch (spec.kind) {
    case 'keychain':
      return spec.fallback === null || isReadable(spec.fallback)
    case 'env-file':
      return true
    case 'age-file':
      return spec.identity !== null
    case 'exec':
      return spec.get !== null
    case 'preset':
      return presetOf(spec.preset).readable
  }
}

/** A store that can give a secret up again. */
export function isRemovable(spec: StoreSpec): boolean {
  switch (spec.kind) {
    case 'keychain':
      return spec.fallback === null || isRemovable(spec.fallback)
    case 'env-file':
    case 'age-file':
    case 'preset':
      return true
    case 'exec':
      return spec.remove !== null
  }
}
