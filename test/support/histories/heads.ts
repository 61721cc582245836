import type { DesiredKey, DesiredState } from '../../../src/model/desired.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import { type Marked, markerOf } from '../invariants.ts'
import { placeOf } from './world.ts'
import { kindOf } from './configuration.ts'

export function markedBy(stack: string, keys: readonly LiveKey[]): readonly Marked[] {
  return keys.flatMap(live => {
    const marker = markerOf(live)
    if (live.status === 'revoked' || marker === null) return []
    return marker.stack === stack && marker.state.kind !== 'released' ? [{ live, marker }] : []
  })
}

/** The live keys of a declared key, under its former key id too. */
export function familyOf(
  { keyId, previously }: Pick<DesiredKey, 'keyId' | 'previously'>,
  marked: readonly Marked[],
): readonly Marked[] {
  return marked.filter(({ marker }) => marker.keyId === keyId || marker.keyId === previously)
}

const leads = ({ marker: { state } }: Marked) =>
  state.kind === 'delivered' || state.kind === 'external' || state.kind === 'leaked'

/** The highest key of a family that was delivered, adopted or leaked. */
export function topOf(family: readonly Marked[]): Marked | null {
  const older = (a: Marked, b: Marked) =>
    a.live.createdAt - b.live.createdAt || (a.live.id < b.live.id ? -1 : 1)
  const [top] = family.filter(leads).sort((a, b) => b.marker.generation - a.marker.generation || older(a, b))
  return top ?? null
}

/** The places into which a head was delivered: what is local, on the machine that its marker names. */
export function deliveredPlaces(
  { stores }: Pick<DesiredKey, 'stores'>,
  { marker }: Pick<Marked, 'marker'>,
): readonly string[] {
  return stores
    .filter(({ hash }) => marker.stores.includes(hash))
    .map(({ spec }) => placeOf(spec, marker.host ?? 'nowhere'))
}

/** Those of them that can be read. */
export function consumedPlaces(
  { stores }: Pick<DesiredKey, 'stores'>,
  head: Pick<Marked, 'marker'>,
): readonly string[] {
  return deliveredPlaces({ stores: stores.filter(({ spec }) => kindOf(spec) !== 'sealed') }, head)
}

export function declaredKey({ keys }: DesiredState, keyId: string): DesiredKey | null {
  return keys.find(key => key.keyId === keyId || key.previously === keyId) ?? null
}
