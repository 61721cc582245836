import type { DesiredKey } from '../model/desired.ts'
import { type Instant, minute } from '../model/duration.ts'
import { type LiveKey, endsAgree, secretMadeAt, visibleEnd } from '../model/live-key.ts'
import type { Marker, MarkerState } from '../model/marker.ts'
import { maximumFormerStores } from '../model/removal.ts'
import { isSamePlace } from '../model/store.ts'
import { boundTo, hashId } from './binding.ts'
import type { LifecycleEvent, Live } from './events.ts'
import { fieldHashes } from './field-hashes.ts'

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

/** A grant that has ended asks for a new secret, and here it is. */
function grantOfNewSecret({ grant }: Marker, at: Instant): Marker['grant'] {
  return grant === null || grant.until <= at ? null : grant
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
  grant: null,
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
    next: (marker, { desired, live, generation, at, host, formerStores }) => {
      const since = handedOutAt(marker, live, at)
      return {
        ...marker,
        ...declaration(desired),
        generation,
        state: { kind: 'delivered', visibleEnd: endOf(live), at: since },
        host,
        formerStores: newest(formerStores),
        grant: since === at ? grantOfNewSecret(marker, at) : marker.grant,
      }
    },
  },
  granted: {
    from: ['delivered', 'external'],
    to: null,
    next: (marker, { grant }) => ({ ...marker, grant }),
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
        grant: grantOfNewSecret(marker, at),
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

/** The same marker with a signature, which is over all the rest of it: what is signed changes no more. */
export function signed(marker: Marker, signature: string): Marker {
  return { ...marker, signature }
}
