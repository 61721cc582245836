import type { LiveKey } from '../../../src/model/live-key.ts'
import { desiredOfStack } from './history-configuration.ts'
import type { Marked } from '../invariants.ts'
import { consumedPlaces, familyOf, markedBy, topOf } from './heads.ts'
import { judgeHers } from './mallory.ts'
import { type HistoryWorld, breaks, holderOf } from './history-world.ts'

/** Why a secret that a consumer reads may be dead without any run being to blame. */
function excused(secret: string, keys: readonly LiveKey[], world: HistoryWorld): boolean {
  const death = world.deaths.get(secret)
  if (death !== undefined && death !== 'revoked') return true
  const id = world.issued.get(secret)
  return keys.some(key => key.id === id && key.status === 'expired')
}

/** Whoever reads a store of a declared key finds a working key of it, at every instant. */
function judgeStores(keys: readonly LiveKey[], world: HistoryWorld): void {
  for (const configuration of world.configurations) {
    const desired = desiredOfStack(configuration, world.start)
    const { forgotten } = configuration
    const marked = markedBy(desired, keys)
    for (const key of desired.keys) {
      const family = familyOf(key, marked)
      const top = topOf(family)
      if (top === null || top.marker.state.kind !== 'delivered') continue
      for (const place of consumedPlaces(key, top)) judgePlace(place, { top, family, forgotten }, keys, world)
    }
  }
}

/** A key id whose head consumers read, and what its stack was called without saying so any more. */
interface Consumed {
  readonly top: Marked
  readonly family: readonly Marked[]
  readonly forgotten: readonly string[]
}

function judgePlace(
  place: string,
  { top, family, forgotten }: Consumed,
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
  // Where somebody wiped its marker, or the stack forgot the name under which it was made, it works anyway.
  if (holder?.ownership.kind !== 'managed' || forgotten.includes(holder.ownership.marker.stack)) return
  if (!family.some(({ live }) => live.id === holder.id))
    breaks(world, `${place} of ${keyId} holds the secret of ${holder.id}, which is not a key of it`)
}

/** Looks at the platform and the stores as they are at this instant. */
export async function judgeInstant(world: HistoryWorld): Promise<void> {
  const keys = await world.backend.inspect()
  judgeStores(keys, world)
  judgeHers(keys, world)
}
