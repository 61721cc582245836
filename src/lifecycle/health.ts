import { type Instant, minute } from '../model/duration.ts'
import { endsAgree, regeneratedAt, visibleEnd } from '../model/live-key.ts'
import { presetOf } from '../model/presets/presets.ts'
import type { StoreSpec } from '../model/store.ts'
import type { ManagedKey } from './lineage.ts'

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
