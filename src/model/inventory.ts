import type { Instant, Milliseconds } from './duration.ts'
import type { Environment } from './environment.ts'
import type { Marker } from './marker.ts'
import type { Counts } from './observed-usage.ts'
import type { Permissions } from './permission.ts'
import type { Position } from './position.ts'
import type { Scope } from './scope.ts'
import type { StoreSpec } from './store.ts'
import type { Unseen } from './audit.ts'

/** What is known of the use of a permission within the window of an audit. */
export type PermissionUse =
  | 'used'
  | 'unused'
  /** The figures do not tell. */
  | 'unknown'
  /** It was asked for without being granted: refused, or taken away since. */
  | 'denied'

/** One live key of an audited key. */
export interface InventoryKey {
  readonly id: string
  readonly maskedKey: string
  /** Null: nothing of ours is written on it. */
  readonly generation: number | null
  readonly state: Marker['state']['kind'] | 'unmanaged'
  readonly createdAt: Instant
  readonly secretMadeAt: Instant
  /** Null: never. */
  readonly expiresAt: Instant | null
  /** `hidden`: this program looked at it last, which hides who used it before. */
  readonly lastUse:
    { readonly kind: 'unknown' | 'never' } | { readonly kind: 'used' | 'hidden'; readonly at: Instant }
  readonly scope: Scope
  readonly permissions: Permissions
}

/** A key that an audit looked at, with what the audit knows of it. */
export interface InventoryEntry {
  /** Null: nothing declares it. */
  readonly keyId: string | null
  readonly name: string
  readonly description: string
  readonly owner: string | null
  readonly environment: Environment | null
  /** As it is live, else as it is declared. */
  readonly scope: Scope
  readonly permissions: Permissions
  readonly isProtected: boolean
  readonly position: Position | null
  readonly stores: readonly StoreSpec[]
  /** Null: age never rotates it. */
  readonly maxAge: Milliseconds | null
  /** When time gives it a reason to be rotated; null: never, or it has no live key. */
  readonly dueAt: Instant | null
  /** The key that is at work first. */
  readonly live: readonly InventoryKey[]
  readonly use: {
    /** Why there are no figures for the whole window; null: there are. */
    readonly unseen: Unseen | null
    /** What was counted at least, also where the figures do not cover the window. */
    readonly byDay: Counts
    readonly byProject: Counts
    readonly permissions: ReadonlyMap<string, PermissionUse>
  }
}
