import type { DesiredState } from '../../../src/model/desired.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import { desiredOfStack } from './history-configuration.ts'
import type { Marked } from '../invariants.ts'
import { consumedPlaces, familyOf, markedBy, topOf } from './heads.ts'
import { judgeHers } from './mallory.ts'
import { type HistoryWorld, breaks, holderOf } from './history-world.ts'

/** Why a secret that a consumer reads may be dead without any run being to blame. */
function excused(secret: string, keys: readonly LiveKey[], world: HistoryWorld): boolean {
  const death = world.deaths.get(secret)
  if (death === 'people' || death === 'pruned' || death === 'in place') return true
  const id = world.issued.get(secret)
  return keys.some(key => key.id === id && key.status === 'expired')
}

/** Whoever reads a store of a declared key finds a working key of it, at every instant. */
function judgeStores(states: readonly DesiredState[], keys: readonly LiveKey[], world: HistoryWorld): void {
  for (const desired of states) {
    const marked = markedBy(desired, keys)
    for (const key of desired.keys) {
      const family = familyOf(key, marked)
      const top = topOf(family)
      if (top === null || top.marker.state.kind !== 'delivered') continue
      for (const place of consumedPlaces(key, top)) judgePlace(place, { top, family }, keys, world)
    }
  }
}

function judgePlace(
  place: string,
  { top, family }: { readonly top: Marked; readonly family: readonly Marked[] },
  keys: readonly LiveKey[],
  world: HistoryWorld,
): void {
  // What was put back from a backup may be dead; `verify` finds it.
  if (world.emptied.has(place) || world.restored.has(place)) return
  const secret = world.places.get(place)
  const { keyId } = top.marker
  if (secret === undefined) {
    breaks(world, `${top.live.id} is the head of ${keyId}, but ${place} holds nothing`)
    return
  }
  const holder = holderOf(world, secret, keys)
  if (holder === null && !excused(secret, keys, world)) {
    const why = world.deaths.get(secret) ?? 'never worked'
    breaks(
      world,
      `a consumer of ${keyId} reads ${world.issued.get(secret) ?? 'an unknown key'} from ${place}: ${why}`,
    )
  }
  // Where somebody wiped its marker, it works anyway.
  if (holder?.ownership.kind === 'managed' && !family.some(({ live }) => live.id === holder.id))
    breaks(world, `${place} of ${keyId} holds the secret of ${holder.id}, which is not a key of it`)
}

/** Looks at the platform and the stores as they are at this instant. */
export async function judgeInstant(world: HistoryWorld): Promise<void> {
  const states = world.configurations.map(each => desiredOfStack(each, world.start))
  const keys = await world.backend.inspect()
  judgeStores(states, keys, world)
  judgeHers(keys, world)
}
