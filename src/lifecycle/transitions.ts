import type { DesiredKey } from '../model/desired.ts'
import { type Instant, minute } from '../model/duration.ts'
import { type LiveKey, endsAgree, secretMadeAt, visibleEnd } from '../model/live-key.ts'
import type { Marker, MarkerState } from '../model/marker.ts'
import { maximumFormerStores } from '../model/removal.ts'
import { isSamePlace } from '../model/store.ts'
import { boundTo, hashId } from './binding.ts'
import { fieldHashes } from './field-hashes.ts'

/** Where a secret lies in one person's stores, and whose: null where no store belongs to a machine. */
type Host = string | null

/** The key as the platform has it now. */
type Live = Pick<LiveKey, 'maskedKey' | 'createdAt' | 'regeneratedAt'>

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
  | ({ readonly kind: 'leaked' } & Pick<Marker, 'stack' | 'keyId'>)
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

const ours: readonly State[] = ['pending', 'delivered', 'retiring', 'external', 'leaked']
const states: readonly State[] = [...ours, 'released']

/** The visible end as the marker has room for it. */
const endOf = ({ maskedKey }: Pick<LiveKey, 'maskedKey'>) => visibleEnd(maskedKey).slice(-16)

const newest = (hashes: readonly string[]) => hashes.slice(-maximumFormerStores)

/** A time of delivery and a regeneration may be told with other clocks. */
const clockGrain = minute

/** When this secret was first handed out: as before, where the marker spoke of the same one. */
function handedOutAt({ state }: Marker, live: Live, at: Instant): Instant {
  const isSame =
    state.kind === 'delivered' &&
    endsAgree(state.visibleEnd, visibleEnd(live.maskedKey)) &&
    secretMadeAt(live) <= state.at + clockGrain
  return isSame ? state.at : at
}

/** When a key that retires was handed out: others had an adopted one from its first day. */
function receivedAt({ state }: Marker, { createdAt }: Pick<LiveKey, 'createdAt'>): Instant | null {
  switch (state.kind) {
    case 'delivered':
      return state.at
    case 'retiring':
      return state.delivered
    case 'external':
      return createdAt
    case 'pending':
    case 'leaked':
    case 'released':
      return null
  }
}

const blank: Marker = {
  stack: '',
  keyId: '',
  generation: 0,
  nonce: '',
  binding: { kind: 'moment', at: 0 },
  state: { kind: 'pending' },
  host: null,
  fields: { name: '', description: '', scope: '', permissions: '', expires: '', environment: '' },
  stores: [],
  formerStores: [],
  protected: false,
  signature: null,
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
    next: (marker, { stack, desired, generation, nonce, at, host, formerStores }) => ({
      ...marker,
      stack,
      ...declaration(desired),
      generation,
      nonce,
      binding: { kind: 'moment', at },
      state: { kind: 'pending' },
      host,
      formerStores: newest(formerStores),
    }),
  },
  bound: { from: states, to: null, next: marker => marker },
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
    next: (marker, { desired, live, generation, at, host, formerStores }) => ({
      ...marker,
      ...declaration(desired),
      generation,
      state: { kind: 'delivered', visibleEnd: endOf(live), at: handedOutAt(marker, live, at) },
      host,
      formerStores: newest(formerStores),
    }),
  },
  recognised: {
    from: ['absent'],
    to: 'delivered',
    next: (marker, { stack, desired, live, generation, nonce, at, host }) => ({
      ...marker,
      stack,
      ...declaration(desired),
      generation,
      nonce,
      state: { kind: 'delivered', visibleEnd: endOf(live), at },
      host,
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
        state: { kind: 'delivered', visibleEnd: endOf(live), at },
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
      state: { kind: 'delivered', visibleEnd: endOf(live), at },
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
  renamed: { from: ours, to: null, next: (marker, { stack, keyId }) => ({ ...marker, stack, keyId }) },
  retired: {
    from: ['absent', 'pending', 'delivered', 'retiring', 'external'],
    to: 'retiring',
    next: (marker, { stack, desired, nonce, live, successor, at, graceUntil }) => ({
      ...marker,
      ...(marker === blank ? { ...declaration(desired), stores: [], generation: 1, nonce } : {}),
      stack,
      keyId: desired.keyId,
      state: {
        kind: 'retiring',
        successor: hashId(successor),
        at,
        graceUntil,
        delivered: receivedAt(marker, live),
      },
    }),
  },
  leaked: {
    from: ours,
    to: 'leaked',
    next: (marker, { stack, keyId }) => ({ ...marker, stack, keyId, state: { kind: 'leaked' } }),
  },
  released: {
    from: ['delivered', 'external'],
    to: 'released',
    next: (marker, { at }) => ({ ...marker, state: { kind: 'released', at }, host: null }),
  },
}

/**
 * The marker of a key after an event, bound to its live id. `before` is null where it had none that counts; `liveId` is null where the
 * platform has still to make the key.
 */
export function transition<K extends Kind>(
  before: Marker | null,
  event: EventOf<K> & { kind: K },
  liveId: string | null,
): Marker {
  const row: Row<K> = transitions[event.kind]
  if (!row.from.includes(before?.state.kind ?? 'absent')) {
    throw new TypeError(`unreachable: a ${before?.state.kind ?? 'missing'} key cannot be ${event.kind}`)
  }
  const next = row.next(before ?? blank, event)
  // What is written is new: whoever signed what stood there before did not sign this.
  return { ...next, ...(liveId === null ? {} : { binding: boundTo(liveId) }), signature: null }
}
