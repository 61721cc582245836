import type { DesiredKey } from '../model/desired.ts'
import type { HomeOwner, KeyHome } from '../model/key-home.ts'
import type { PlanOptions } from './input.ts'
import { isHere } from './place.ts'
import { type Lineage, storeTop } from '../lifecycle/lineage.ts'

function ownerOf(keyId: string, lineage: Lineage | undefined, options: PlanOptions): HomeOwner {
  if (!options.localKeys.has(keyId)) return 'anyone'
  const top = lineage === undefined ? null : storeTop(lineage)
  if (top === null || top.marker.host === null) return 'nobody-yet'
  return options.takeOver || isHere(keyId, top, options) ? 'here' : 'another-host'
}

/** Where the secrets of declared keys go from here, sorted by key id. */
export function homesOf(
  keys: readonly DesiredKey[],
  lineages: ReadonlyMap<string, Lineage>,
  options: PlanOptions,
): readonly KeyHome[] {
  return keys
    .map(({ keyId, stores }) => ({ keyId, owner: ownerOf(keyId, lineages.get(keyId), options), stores }))
    .sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
}
