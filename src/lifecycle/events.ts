import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { EmergencyGrant, Marker } from '../model/marker.ts'

/** Where a secret lies in one person's stores, and whose: null where no store belongs to a machine. */
type Host = string | null

/** The key as the platform has it now. */
export type Live = Pick<LiveKey, 'maskedKey' | 'createdAt' | 'regeneratedAt'>

/** What happens to a key, with all that its next marker needs to know of it. */
export type LifecycleEvent =
  | {
      readonly kind: 'made'
      readonly stack: string
      readonly desired: DesiredKey
      readonly generation: number
      readonly nonce: string
      /** The moment of the create. */
      readonly at: Instant
      readonly host: Host
      /** Hashes of stores that its predecessor's declaration lost: its business until they are empty. */
      readonly formerStores: readonly string[]
    }
  /** Its marker belongs to it, whatever the moment of its creation says. */
  | { readonly kind: 'bound' }
  | {
      readonly kind: 'adopted'
      readonly stack: string
      readonly desired: DesiredKey
      readonly generation: number
      readonly nonce: string
    }
  | {
      readonly kind: 'delivered'
      readonly desired: DesiredKey
      readonly live: Live
      readonly generation: number
      readonly at: Instant
      readonly host: Host
      readonly formerStores: readonly string[]
    }
  /** A head lost its marker, and a store proves that it is the head. */
  | {
      readonly kind: 'recognised'
      readonly stack: string
      readonly desired: DesiredKey
      readonly live: Live
      readonly generation: number
      readonly nonce: string
      readonly at: Instant
      readonly host: Host
    }
  /** Regenerated and delivered by hand: its declaration was not applied, so what its marker says of that stays. */
  | {
      readonly kind: 'regenerated'
      readonly stores: DesiredKey['stores']
      readonly live: Live
      readonly at: Instant
      readonly host: Host
    }
  /** Another run regenerated it, and our dead secret may have overwritten that run's in the stores. */
  | { readonly kind: 'overwritten'; readonly live: Live; readonly at: Instant }
  /** Its fields are as declared; `forgotten`: hashes of stores that hold its secret no more. */
  | { readonly kind: 'updated'; readonly desired: DesiredKey; readonly forgotten: readonly string[] }
  | ({ readonly kind: 'renamed' } & Pick<Marker, 'stack' | 'keyId'>)
  /** `successor`: the live id of the key that takes its place. */
  | {
      readonly kind: 'retired'
      readonly stack: string
      readonly desired: DesiredKey
      readonly live: Pick<LiveKey, 'createdAt'>
      readonly nonce: string
      readonly successor: string
      readonly at: Instant
      readonly graceUntil: Instant
    }
  /** Somebody gave it more until a moment. */
  | { readonly kind: 'granted'; readonly grant: EmergencyGrant }
  | ({ readonly kind: 'leaked' } & Pick<Marker, 'stack' | 'keyId'>)
  | { readonly kind: 'released'; readonly at: Instant }
