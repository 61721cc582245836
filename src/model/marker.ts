import type { Instant } from './duration.ts'
import type { Permission } from './permission.ts'

/** The fields of a key that a marker remembers as last applied, in the marker's order. */
export const markedFields = ['name', 'description', 'scope', 'permissions', 'expires', 'environment'] as const

export type MarkedField = (typeof markedFields)[number]

/** Two hexadecimal digits for each field: enough to tell drift from a changed configuration. */
export type FieldHashes = Readonly<Record<MarkedField, string>>

export type MarkerState =
  /** Made by us; its secret is not yet in all its stores. */
  | { readonly kind: 'pending' }
  /** Its secret, which ends in `visibleEnd`, is in all its stores; it was first handed out at `at`. */
  | { readonly kind: 'delivered'; readonly visibleEnd: string; readonly at: Instant }
  /** Its successor is made, and it ends. */
  | Retirement
  /** Adopted: others hold the secret. */
  | { readonly kind: 'external' }
  /** Leaked: no grace, no gate. */
  | { readonly kind: 'leaked' }
  /** Given up to another stack at `at`. */
  | { readonly kind: 'released'; readonly at: Instant }

export interface Retirement {
  readonly kind: 'retiring'
  /** A short hash of the live id of the key that takes its place. */
  readonly successor: string
  /** When it was marked. */
  readonly at: Instant
  /** The end of its grace, where its successor was delivered by the time it was marked; as much later as the delivery was. */
  readonly graceUntil: Instant
  /** When its own secret was first handed out; null where it is not known to have been. */
  readonly delivered: Instant | null
}

/** Permissions that somebody gave a key beyond its declaration, in an emergency. */
export interface EmergencyGrant {
  /** Sorted. */
  readonly permissions: readonly Permission[]
  readonly until: Instant
}

/** What ties a marker to the one key that carries it: people copy descriptions. */
export type Binding =
  /** From the first PATCH on: a short hash of the live key's id. */
  | { readonly kind: 'key'; readonly hash: string }
  /** Until then: the moment of the create. */
  | { readonly kind: 'moment'; readonly at: Instant }

/** The note at the end of a managed key's description: all the state there is. */
export interface Marker {
  readonly stack: string
  readonly keyId: string
  /** 1, 2, ... along the successors of one key id. It numbers, and decides nothing. */
  readonly generation: number
  /** Random, 10 characters of base 36: idempotency keys derive from it. */
  readonly nonce: string
  readonly binding: Binding
  readonly state: MarkerState
  /** A short hash of the machine and user that made it; only for pending keys and where a store is local. */
  readonly host: string | null
  readonly fields: FieldHashes
  /** A short hash of each store that holds its secret, as declared. */
  readonly stores: readonly string[]
  /** The same of stores that its declaration lost and that may still hold a secret of it, or of a predecessor. */
  readonly formerStores: readonly string[]
  readonly protected: boolean
  /** Null: none since this generation was made. One that has ended stays, and asks for a rotation. */
  readonly grant: EmergencyGrant | null
  /** Ed25519 over the rest of the marker and the live id, in base64url; null where nobody signed it. */
  readonly signature: string | null
}
