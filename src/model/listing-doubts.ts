import type { Instant } from './duration.ts'

/** A key that the platform lists and that cannot be understood: its status is unknown, or a field is missing. */
export interface UnreadableKey {
  /** Null where even that cannot be read. */
  readonly id: string | null
  readonly name: string | null
  /** What cannot be understood: "lacks `expires_at`". */
  readonly trouble: string
  /** Which stack owns it, where its description has a marker. */
  readonly owner: { readonly stack: string; readonly keyId: string } | null
}

/** The platform's clock and the last use of a key that it lists cannot both be right. */
export interface ClockContradiction {
  /** What the platform says it is. */
  readonly now: Instant
  readonly liveId: string
  readonly lastUse: Instant
}

/** What a listing leaves in doubt. */
export interface ListingDoubts {
  readonly unreadable: readonly UnreadableKey[]
  readonly clock: ClockContradiction | null
  /** No key has a description, not even an empty one. */
  readonly lacksDescriptions: boolean
}

export const noDoubts: ListingDoubts = { unreadable: [], clock: null, lacksDescriptions: false }
