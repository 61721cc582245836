import type { CalendarEntry } from './calendar.ts'
import type { Instant, Milliseconds } from './duration.ts'
import type { LiveKey } from './live-key.ts'
import type { StoreSpec } from './store.ts'

/** What `list` says of one key of a stack: a live one, or one that is declared and not made yet. */
export interface ManagedRow {
  readonly keyId: string
  readonly name: string
  /** Null: not made yet. */
  readonly liveId: string | null
  readonly generation: number | null
  /** `delivered`, `adopted`, `pending`, `retiring`, `leaked`, `undeclared` or `not created`. */
  readonly state: string
  /** Of its secret; null: not made yet. */
  readonly age: Milliseconds | null
  /** Null: age never rotates it, or it is not the key at work of its key id. */
  readonly maxAge: Milliseconds | null
  /** The earliest thing that time does to it within a year; null: none. */
  readonly next: { readonly event: CalendarEntry['event']; readonly at: Instant } | null
  /** Where its secret is delivered to. */
  readonly stores: readonly StoreSpec[]
  /** What tells who used it; null: not made yet. */
  readonly use: Pick<LiveKey, 'lastUse' | 'ownership'> | null
}
