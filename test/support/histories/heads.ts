import type { DesiredKey, DesiredState } from '../../../src/model/desired.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import type { Marker } from '../../../src/model/marker.ts'
import { type Marked, markerOf } from '../invariants.ts'
import { kindOf } from './history-configuration.ts'
import { markedSite } from './sites.ts'
import { placeOf } from './history-world.ts'

/** Does a marker say that its key is a stack's? Under a former name of the stack only what is declared. */
export function isOwn(
  desired: Pick<DesiredState, 'stack' | 'formerly' | 'keys'>,
  { stack, keyId }: Pick<Marker, 'stack' | 'keyId'>,
): boolean {
  if (stack === desired.stack) return true
  return desired.formerly.includes(stack) && declaredKey(desired, keyId) !== null
}

export function markedBy(
  desired: Pick<DesiredState, 'stack' | 'formerly' | 'keys'>,
  keys: readonly LiveKey[],
): readonly Marked[] {
  return keys.flatMap(live => {
    const marker = markerOf(live)
    if (live.status === 'revoked' || marker === null) return []
    return isOwn(desired, marker) && marker.state.kind !== 'released' ? [{ live, marker }] : []
  })
}

/** The live keys of a declared key, under its former key id too. */
export function familyOf(
  { keyId, previously }: Pick<DesiredKey, 'keyId' | 'previously'>,
  marked: readonly Marked[],
): readonly Marked[] {
  return marked.filter(({ marker }) => marker.keyId === keyId || marker.keyId === previously)
}

/** When a key was handed out, where its marker says that. */
function ledFrom({ live, marker: { state } }: Marked): number | null {
  if (state.kind === 'delivered') return state.at
  return state.kind === 'external' ? live.createdAt : null
}

/** When a key began to retire that others had received. */
function retiredFrom({ marker: { state } }: Marked): number | null {
  return state.kind === 'retiring' && state.delivered !== null ? state.at : null
}

function latest(family: readonly Marked[], when: (key: Marked) => number | null): Marked | null {
  const [top] = family
    .flatMap(key => {
      const at = when(key)
      return at === null ? [] : [{ key, at }]
    })
    .sort((a, b) => b.at - a.at || (a.key.live.id < b.key.live.id ? -1 : 1))
  return top?.key ?? null
}

/** The keys of a family that say that they lead. */
export function headsOf(family: readonly Marked[]): readonly Marked[] {
  return family.filter(key => ledFrom(key) !== null)
}

/** The key whose secret consumers have: the head, else the one that began to retire last, else one that leaked. */
export function topOf(family: readonly Marked[]): Marked | null {
  const leaked = family.find(({ marker }) => marker.state.kind === 'leaked') ?? null
  return latest(family, ledFrom) ?? latest(family, retiredFrom) ?? leaked
}

/** The places into which a head was delivered: what is local, at the site that its marker names. */
export function deliveredPlaces(
  { stores }: Pick<DesiredKey, 'stores'>,
  { marker }: Pick<Marked, 'marker'>,
): readonly string[] {
  const site = markedSite(marker.host) ?? { host: 'nowhere', folder: 'nowhere' }
  return stores.filter(({ hash }) => marker.stores.includes(hash)).map(({ spec }) => placeOf(spec, site))
}

/** Those of them that can be read. */
export function consumedPlaces(
  { stores }: Pick<DesiredKey, 'stores'>,
  head: Pick<Marked, 'marker'>,
): readonly string[] {
  return deliveredPlaces({ stores: stores.filter(({ spec }) => kindOf(spec) !== 'sealed') }, head)
}

export function declaredKey({ keys }: Pick<DesiredState, 'keys'>, keyId: string): DesiredKey | null {
  return keys.find(key => key.keyId === keyId || key.previously === keyId) ?? null
}
