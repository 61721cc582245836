import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { type LiveKey, visibleEnd } from '../model/live-key.ts'
import type { Marker, MarkerState } from '../model/marker.ts'
import { maximumFormerStores } from '../model/removal.ts'
import { isSamePlace } from '../model/store.ts'
import { fieldHashes } from './field-hashes.ts'

/** Where a secret lies in one person's stores, and whose: null where no store belongs to a machine. */
type Host = string | null

/** What happens to a key, with all that its next marker needs to know of it. */
export type LifecycleEvent =
  | {
      readonly kind: 'made'
      readonly stack: string
      readonly desired: DesiredKey
      readonly generation: number
      readonly nonce: string
      readonly host: Host
      /** Hashes of stores that its predecessor's declaration lost: its business until they are empty. */
      readonly formerStores: readonly string[]
    }
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
      /** The key as the platform has it now. */
      readonly live: Pick<LiveKey, 'maskedKey'>
      readonly generation: number
      readonly at: Instant
      readonly graceUntil: Instant
      readonly host: Host
      readonly formerStores: readonly string[]
    }
  /** Regenerated and delivered by hand: its declaration was not applied, so what its marker says of that stays. */
  | {
      readonly kind: 'regenerated'
      readonly stores: DesiredKey['stores']
      readonly live: Pick<LiveKey, 'maskedKey'>
      readonly at: Instant
      readonly host: Host
    }
  /** Another run regenerated it, and our dead secret may have overwritten that run's in the stores. */
  | { readonly kind: 'overwritten'; readonly live: Pick<LiveKey, 'maskedKey'>; readonly at: Instant }
  /** Its fields are as declared; `forgotten`: hashes of stores that hold its secret no more. */
  | { readonly kind: 'updated'; readonly desired: DesiredKey; readonly forgotten: readonly string[] }
  | { readonly kind: 'renamed'; readonly keyId: string }
  | { readonly kind: 'leaked' }
  | { readonly kind: 'released'; readonly at: Instant }

type Kind = LifecycleEvent['kind']
type EventOf<K extends Kind> = Extract<LifecycleEvent, { kind: K }>
type State = MarkerState['kind']

/** `absent`: no marker of ours counts, so none is carried on. */
type From = State | 'absent'

interface Row<K extends Kind> {
  readonly from: readonly From[]
  /** Null: it stays what it was. */
  readonly to: State | null
  readonly next: (marker: Marker, event: EventOf<K>) => Marker
}

const states: readonly State[] = ['pending', 'delivered', 'external', 'leaked', 'released']
const ours: readonly State[] = ['pending', 'delivered', 'external', 'leaked']

/** The visible end as the marker has room for it. */
const endOf = ({ maskedKey }: Pick<LiveKey, 'maskedKey'>) => visibleEnd(maskedKey).slice(-16)

const newest = (hashes: readonly string[]) => hashes.slice(-maximumFormerStores)

/** The end of the grace that its predecessors have; one that was never delivered gives them none. */
function graceOf({ state }: Marker, at: Instant): Instant {
  return state.kind === 'delivered' ? state.graceUntil : at
}

const blank: Marker = {
  stack: '',
  keyId: '',
  generation: 0,
  nonce: '',
  state: { kind: 'pending' },
  host: null,
  fields: { name: '', description: '', scope: '', permissions: '', expires: '', environment: '' },
  stores: [],
  formerStores: [],
  protected: false,
}

function declaration(desired: DesiredKey): Pick<Marker, 'keyId' | 'fields' | 'stores' | 'protected'> {
  return {
    keyId: desired.keyId,
    fields: fieldHashes(desired),
    stores: desired.stores.map(({ hash }) => hash),
    protected: desired.protect,
  }
}

/** Every change of a key's state, and the only place where a marker is made. */
export const transitions: { readonly [K in Kind]: Row<K> } = {
  made: {
    from: ['absent'],
    to: 'pending',
    next: (marker, { stack, desired, generation, nonce, host, formerStores }) => ({
      ...marker,
      stack,
      ...declaration(desired),
      generation,
      nonce,
      state: { kind: 'pending' },
      host,
      formerStores: newest(formerStores),
    }),
  },
  adopted: {
    from: ['absent'],
    to: 'external',
    // Others hold its secret, and no store of ours has it.
    next: (marker, { stack, desired, generation, nonce }) => ({
      ...marker,
      stack,
      ...declaration(desired),
      generation,
      nonce,
      state: { kind: 'external' },
      stores: [],
    }),
  },
  delivered: {
    from: ours,
    to: 'delivered',
    next: (marker, { desired, live, generation, at, graceUntil, host, formerStores }) => ({
      ...marker,
      ...declaration(desired),
      generation,
      state: { kind: 'delivered', visibleEnd: endOf(live), at, graceUntil },
      host,
      formerStores: newest(formerStores),
    }),
  },
  regenerated: {
    from: ours,
    to: 'delivered',
    next: (marker, { stores, live, at, host }) => {
      const declared = stores.map(({ hash }) => hash)
      const known = [...new Set([...marker.formerStores, ...marker.stores])]
      return {
        ...marker,
        state: { kind: 'delivered', visibleEnd: endOf(live), at, graceUntil: graceOf(marker, at) },
        host,
        stores: declared,
        // The next apply takes the old secret out of stores that the declaration lost.
        formerStores: newest(known.filter(before => !declared.some(hash => isSamePlace(hash, before)))),
      }
    },
  },
  overwritten: {
    from: states,
    to: 'delivered',
    next: (marker, { live, at }) => ({
      ...marker,
      state: { kind: 'delivered', visibleEnd: endOf(live), at, graceUntil: graceOf(marker, at) },
    }),
  },
  updated: {
    from: ours,
    to: null,
    next: (marker, { desired, forgotten }) => {
      const isKnown = (hash: string) => !forgotten.includes(hash)
      return {
        ...marker,
        ...declaration(desired),
        stores: marker.stores.filter(isKnown),
        formerStores: marker.formerStores.filter(isKnown),
      }
    },
  },
  renamed: { from: ours, to: null, next: (marker, { keyId }) => ({ ...marker, keyId }) },
  leaked: { from: ours, to: 'leaked', next: marker => ({ ...marker, state: { kind: 'leaked' } }) },
  released: {
    from: ['delivered', 'external'],
    to: 'released',
    next: (marker, { at }) => ({ ...marker, state: { kind: 'released', at }, host: null }),
  },
}

/** The marker of a key after an event; `before` is null where it had none that counts. */
export function transition<K extends Kind>(before: Marker | null, event: EventOf<K> & { kind: K }): Marker {
  const row: Row<K> = transitions[event.kind]
  if (!row.from.includes(before?.state.kind ?? 'absent')) {
    throw new TypeError(`unreachable: a ${before?.state.kind ?? 'missing'} key cannot be ${event.kind}`)
  }
  return row.next(before ?? blank, event)
}
