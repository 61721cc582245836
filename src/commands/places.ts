import { type Lineage, type ManagedKey, membersOf } from '../lifecycle/lineage.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Marker } from '../model/marker.ts'
import type { FormerStores } from '../model/removal.ts'
import { type DeclaredStore, isSamePlace } from '../model/store.ts'
import type { PlanOptions } from '../plan/input.ts'
import { placeHasher } from '../stores/place-hash.ts'

/** The stores that a marker may have been written for: those that it knows of, and those of them that the declaration lost. */
function markedStores(
  { stores, formerStores }: Marker,
  known: readonly DeclaredStore[],
): readonly (readonly DeclaredStore[])[] {
  const among = (hashes: readonly string[]) =>
    known.filter(({ hash }) => hashes.some(marked => isSamePlace(marked, hash)))
  return [stores, formerStores, [...stores, ...formerStores]].map(among)
}

type Hasher = ReturnType<typeof placeHasher>

const specsOf = (stores: readonly DeclaredStore[]) => stores.map(({ spec }) => spec)

/** Does it carry the place of a machine that is not among those that are known to be here? */
function isElsewhere({ marker: { host: marked } }: ManagedKey, host: string, own: string): boolean {
  return marked !== null && marked !== host && marked !== own
}

/** A declaration may have gained or lost stores since a marker was written: the place is the same one then. */
async function formerPlaces(
  elsewhere: readonly ManagedKey[],
  known: readonly DeclaredStore[],
  placeHash: Hasher,
): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const { marker } of elsewhere) {
    for (const stores of markedStores(marker, known)) {
      const place = await placeHash(specsOf(stores))
      if (place === marker.host) found.add(place)
    }
  }
  return [...found].sort()
}

const nobody: readonly ManagedKey[] = []

/** Where the local stores of each declared key are here: see `PlanOptions.places`. */
export async function placesHere(
  keys: readonly DesiredKey[],
  lineages: ReadonlyMap<string, Lineage>,
  former: FormerStores,
  host: string,
): Promise<PlanOptions['places']> {
  const placeHash = placeHasher(host)
  const places = new Map<string, readonly string[]>()
  for (const { keyId, stores } of keys) {
    const place = placeHash(specsOf(stores))
    const own = typeof place === 'string' ? place : await place
    const lineage = lineages.get(keyId)
    const members = lineage === undefined ? nobody : membersOf(lineage)
    if (members.some(key => isElsewhere(key, host, own))) {
      const elsewhere = members.filter(key => isElsewhere(key, host, own))
      const known = [...stores, ...(former.get(keyId) ?? [])]
      const before = await formerPlaces(elsewhere, known, placeHash)
      if (own !== host || before.length > 0) places.set(keyId, [own, ...before])
    } else if (own !== host) places.set(keyId, [own])
  }
  return places
}
