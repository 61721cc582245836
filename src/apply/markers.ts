import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { type LiveKey, secretMadeAt, visibleEnd } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { type Removal, maximumFormerStores, noRemoval } from '../model/removal.ts'
import { fieldHashes } from '../plan/field-hashes.ts'
import type { NewKey } from '../platform/types.ts'
import type { Run } from './run.ts'

/** What a marker says of the declaration that is being applied. */
function declaration(desired: DesiredKey): Pick<Marker, 'fields' | 'stores' | 'protected'> {
  return {
    fields: fieldHashes(desired),
    stores: desired.stores.map(({ hash }) => hash),
    protected: desired.protect,
  }
}

/** Of a key that is about to be made. Stores that its predecessor lost are its business until they are empty. */
export function pendingMarker(
  desired: DesiredKey,
  generation: number,
  { from, left }: Pick<Removal, 'from' | 'left'>,
  run: Run,
): Marker {
  const lost = [...from.map(({ hash }) => hash), ...left]
  return {
    stack: run.desired.stack,
    keyId: desired.keyId,
    generation,
    nonce: run.nonce(),
    state: { kind: 'pending' },
    host: run.options.host,
    ...declaration(desired),
    formerStores: lost.slice(-maximumFormerStores),
  }
}

/** Where the platform sends no date, our clock may be behind: nothing happens to a secret before it was made. */
export function timeOf(live: LiveKey, { clock }: Pick<Run, 'clock'>): Instant {
  return Math.max(clock(), secretMadeAt(live))
}

/** How long predecessors keep their grace, where a key is delivered now. */
export function graceFrom(live: LiveKey, { rotation }: DesiredKey, run: Run): Instant {
  return timeOf(live, run) + rotation.grace
}

/** Of a key whose secret is now in all its stores. */
export function deliveredMarker(
  marker: Marker,
  desired: DesiredKey,
  live: LiveKey,
  graceUntil: Instant,
  former: { readonly left: readonly string[]; readonly host: string | null },
  run: Run,
): Marker {
  const { left } = former
  // What is left may be left on another machine: whose it is must not be forgotten.
  const elsewhere = left.length > 0 ? former.host : null
  return {
    ...marker,
    keyId: desired.keyId,
    ...declaration(desired),
    formerStores: left.slice(-maximumFormerStores),
    state: {
      kind: 'delivered',
      visibleEnd: visibleEnd(live.maskedKey).slice(-16),
      at: timeOf(live, run),
      graceUntil,
    },
    host: run.options.localKeys.has(desired.keyId) ? run.options.host : elsewhere,
  }
}

/** Of a key that was updated: its secret is as it was, and so are its stores, but for the `forgotten` ones. */
export function updatedMarker(marker: Marker, desired: DesiredKey, forgotten: readonly string[]): Marker {
  const isKnown = (hash: string) => !forgotten.includes(hash)
  return {
    ...marker,
    keyId: desired.keyId,
    fields: fieldHashes(desired),
    stores: marker.stores.filter(isKnown),
    formerStores: marker.formerStores.filter(isKnown),
    protected: desired.protect,
  }
}

/** Of a key that was taken over: others hold its secret, and no store of ours has it. */
export function adoptedMarker(desired: DesiredKey, generation: number, run: Run): Marker {
  const state = { kind: 'external' } as const
  return { ...pendingMarker(desired, generation, noRemoval, run), state, host: null, stores: [] }
}

/** Of a key that is given up. */
export function releasedMarker(marker: Marker, run: Run): Marker {
  return { ...marker, state: { kind: 'released', at: run.clock() }, host: null }
}

/** The request that makes a key. A replay repeats it from the same declaration and the marker that the key bears. */
export function newKey(desired: DesiredKey, marker: Marker): NewKey {
  const { name, description, environment, scope, permissions, expires } = desired
  return { name, description, marker, environment, scope, permissions, expires }
}

/** One create, however often it is sent: the nonce is new for every key. */
export function idempotencyKey(marker: Marker): string {
  return `fluxloop-keys-${marker.nonce}`
}

/**
 * One regeneration, however often it is sent: the generation is new for every one. Each host has its own, so that nobody takes
 * what another one did for an answer that was lost.
 */
export function regenerationKey(marker: Marker, generation: number, host: string): string {
  return `${idempotencyKey(marker)}-${generation}-${host}`
}

/** The marker of a key that a plan speaks of. */
export function markerOf(live: LiveKey): Marker {
  if (live.ownership.kind !== 'managed') throw new TypeError('unreachable: a planned key is managed')
  return live.ownership.marker
}
