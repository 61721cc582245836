import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { Owned } from '../lifecycle/ownership.ts'
import { lostStores, storeHolders } from './store-removal.ts'

/**
 * The hashes of stores that declarations lost and whose secret is to be taken out, by key id: somebody has to find out where
 * they are before a plan is made. Empty where no store left a declaration, which is the rule.
 */
export function storesToFind(
  desired: DesiredState,
  { lineages }: Pick<Owned, 'lineages'>,
  now: Instant,
): ReadonlyMap<string, readonly string[]> {
  const lost = new Map<string, readonly string[]>()
  for (const key of desired.keys) {
    const lineage = lineages.get(key.keyId)
    if (lineage === undefined || key.keepRemoved) continue
    const hashes = lostStores(key, storeHolders(lineage, now))
    if (hashes.length > 0) lost.set(key.keyId, hashes)
  }
  return lost
}
