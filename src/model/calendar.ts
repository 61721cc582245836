import type { DeliveryReason, RevocationReason, RotationReason } from './change.ts'
import type { Rotation } from './desired.ts'
import type { Instant } from './duration.ts'

interface Entry {
  /** The earliest moment. */
  readonly at: Instant
  /** Null: an unmanaged key. */
  readonly keyId: string | null
  readonly name: string
  /** Null: a key that is not made yet. */
  readonly liveId: string | null
  /** Null: an unmanaged key. */
  readonly generation: number | null
}

export type CalendarEntry = Entry &
  (
    | {
        readonly event: 'rotates'
        readonly strategy: Rotation['strategy']
        readonly reasons: readonly (RotationReason | DeliveryReason)[]
      }
    /** It is revoked, if nobody uses it then. */
    | { readonly event: 'retires'; readonly reason: RevocationReason }
    /** A grant of it ends, and the first apply after that takes it away. */
    | {
        readonly event: 'narrows'
        readonly grant: 'permission' | 'project'
        readonly granted: string
        readonly reason: string
      }
    /** It ends and nothing renews it. */
    | {
        readonly event: 'expires'
        readonly why: 'fixed-date' | 'external' | 'superseded' | 'undeclared' | 'unmanaged'
      }
  )

/** What time does to the keys as they are declared and live now, from `now` until `until`. */
export interface Calendar {
  readonly stack: string
  readonly now: Instant
  readonly until: Instant
  /** Sorted by moment, then key id. */
  readonly entries: readonly CalendarEntry[]
}
