import type { Instant } from './duration.ts'

/** The fields of a key that a marker remembers as last applied, in the marker's order. */
export const markedFields = ['name', 'description', 'scope', 'permissions', 'expires', 'environment'] as const

export type MarkedField = (typeof markedFields)[number]

/** Two hexadecimal digits for each field: enough to tell drift from a changed configuration. */
export type FieldHashes = Readonly<Record<MarkedField, string>>

export type MarkerState =
  /** Made by us; its secret is not yet in all its stores. */
  | { readonly kind: 'pending' }
  /** Its secret, which ends in `visibleEnd`, was in all its stores at `at`; predecessors keep working until `graceUntil`. */
  | {
      readonly kind: 'delivered'
      readonly visibleEnd: string
      readonly at: Instant
      readonly graceUntil: Instant
    }
  /** Adopted: others hold the secret. */
  | { readonly kind: 'external' }
  /** Known to others: no grace, no gate. */
  | { readonly kind: 'leaked' }
  /** Given up to another stack at `at`. */
  | { readonly kind: 'released'; readonly at: Instant }

/** The note at the end of a managed key's description: all the state there is. */
export interface Marker {
  readonly stack: string
  readonly keyId: string
  /** 1, 2, ... along the successors of one key id. */
  readonly generation: number
  /** Random, 10 characters of base 36: idempotency keys derive from it. */
  readonly nonce: string
  readonly state: MarkerState
  /** A short hash of the machine and user that made it; only for pending keys and where a store is local. */
  readonly host: string | null
  readonly fields: FieldHashes
  /** A short hash of each store that holds its secret, as declared. */
  readonly stores: readonly string[]
  /** The same of stores that its declaration lost and that may still hold a secret of it, or of a predecessor. */
  readonly formerStores: readonly string[]
  readonly protected: boolean
}
