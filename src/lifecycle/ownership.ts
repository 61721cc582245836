import { type Instant, type Milliseconds, day } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import { type IsProven, type Lineage, type ManagedKey, lineageOf, nothingProven } from './lineage.ts'

/** So long a key that a stack gave up waits for another stack, and nobody prunes it. */
const handover: Milliseconds = 30 * day

/** The live keys, sorted by who owns them. Keys of other stacks are in none of them. */
export interface Owned {
  readonly lineages: ReadonlyMap<string, Lineage>
  readonly unmanaged: readonly LiveKey[]
  /** Given up by a stack, and free to be adopted by another. */
  readonly released: readonly LiveKey[]
  readonly unreadable: readonly LiveKey[]
  /** They carry the marker of another key of this stack: unmanaged, and named. */
  readonly copied: readonly LiveKey[]
  /** How many live keys are this stack's. */
  readonly managed: number
}

/** A marker that a store proves belongs to its key after all, as where a restore rewrote ids. */
function boundAnew(live: LiveKey, stack: string, isHeld: IsProven): LiveKey {
  if (live.ownership.kind !== 'copied') return live
  const { marker } = live.ownership
  const isOurs = marker.stack === stack && isHeld(marker.keyId, live)
  return isOurs ? { ...live, ownership: { kind: 'managed', marker } } : live
}

/** `renamed` maps a former key id to the one that took its place; `isHeld`: does a readable store hold the key's secret? */
export function sortByOwner(
  stack: string,
  keys: readonly LiveKey[],
  now: Instant,
  {
    renamed = new Map(),
    isProven = nothingProven,
    isHeld = nothingProven,
  }: {
    readonly renamed?: ReadonlyMap<string, string>
    readonly isProven?: IsProven
    readonly isHeld?: IsProven
  } = {},
): Owned {
  const unmanaged: LiveKey[] = []
  const released: LiveKey[] = []
  const unreadable: LiveKey[] = []
  const copied: LiveKey[] = []
  const groups = new Map<string, ManagedKey[]>()
  let managed = 0
  for (const found of keys) {
    if (found.status === 'revoked') continue
    const live = boundAnew(found, stack, isHeld)
    const { ownership } = live
    if (ownership.kind === 'unmanaged') unmanaged.push(live)
    else if (ownership.kind === 'unreadable') unreadable.push(live)
    else if (ownership.kind === 'copied') copied.push(live)
    else if (ownership.marker.state.kind === 'released') {
      const waits = now - ownership.marker.state.at < handover
      ;(waits ? released : unmanaged).push(live)
    } else if (ownership.marker.stack === stack) {
      const keyId = renamed.get(ownership.marker.keyId) ?? ownership.marker.keyId
      const group = groups.get(keyId) ?? []
      group.push({ live, marker: ownership.marker })
      groups.set(keyId, group)
      managed += 1
    }
  }
  const lineages = new Map(
    [...groups].map(([keyId, group]) => [keyId, lineageOf(keyId, group, isProven, isHeld)]),
  )
  return { lineages, unmanaged, released, unreadable, copied, managed }
}
