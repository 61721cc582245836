import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'

/** A live key with this stack's marker. */
export interface ManagedKey {
  readonly live: LiveKey
  readonly marker: Marker
}

/** The live keys of one key id, in their order of succession. */
export interface Lineage {
  readonly keyId: string
  /** The highest delivered or adopted key; null where there is none, or a higher one leaked. */
  readonly head: ManagedKey | null
  /** Made after the head, or what leaked, and not delivered; highest generation first. */
  readonly pending: readonly ManagedKey[]
  /** Everything below the head, or below what leaked, whatever its own marker says; highest generation first. */
  readonly superseded: readonly ManagedKey[]
  /** Known to others, and no successor is delivered yet. */
  readonly leaked: readonly ManagedKey[]
  /** The highest generation alive; 0 where there is none. */
  readonly highest: number
}

/** All live keys of a key id. */
export function membersOf({ head, pending, superseded, leaked }: Lineage): readonly ManagedKey[] {
  return [...(head === null ? [] : [head]), ...pending, ...superseded, ...leaked]
}

/** The key whose secret the stores hold; null where none was delivered. */
export function storeTop({ head, leaked }: Lineage): ManagedKey | null {
  return head ?? leaked[0] ?? null
}

/** Of two live keys, the one that everyone agrees was made first. */
export function isOlder(a: LiveKey, b: LiveKey): boolean {
  return a.createdAt === b.createdAt ? a.id < b.id : a.createdAt < b.createdAt
}

/** Higher generations first; of one generation the older key first. */
export function bySuccession(a: ManagedKey, b: ManagedKey): number {
  return b.marker.generation - a.marker.generation || (isOlder(a.live, b.live) ? -1 : 1)
}

/**
 * Was this superseded key delivered after the head? So it is where two runs made one generation, or a maker slept while
 * its key was replaced: the stores may hold its secret instead of the head's.
 */
export function overtakes(key: ManagedKey, { head }: Lineage, now: Instant): boolean {
  const delivered = head === null ? null : deliveredAt(head)
  const at = deliveredAt(key)
  if (head === null || delivered === null || at === null) return false
  // A time to come is left over from a clock that was wrong: for now no delivery could be later than that.
  if (at > now) return false
  // Within one second the marker's times cannot tell which of two twins was the last to write.
  return key.marker.generation === head.marker.generation ? at >= delivered : at > delivered
}

/** When a key's secret was in all its stores; null where it is not known to be. */
export function deliveredAt({ marker: { state } }: ManagedKey): Instant | null {
  return state.kind === 'delivered' ? state.at : null
}

/** In all its stores, held by others, or known to others: whatever is below has had its time. */
function supersedes({ marker: { state } }: ManagedKey): boolean {
  return state.kind === 'delivered' || state.kind === 'external' || state.kind === 'leaked'
}

const isLeaked = ({ marker }: ManagedKey) => marker.state.kind === 'leaked'

export function lineageOf(keyId: string, keys: readonly ManagedKey[]): Lineage {
  const ranked = [...keys].sort(bySuccession)
  const top = ranked.find(supersedes) ?? null
  // The stores hold the secret of a leaked top, so nothing below it leads again.
  const head = top === null || isLeaked(top) ? null : top
  const above = (key: ManagedKey) => top === null || key.marker.generation > top.marker.generation
  const pending = ranked.filter(key => key.marker.state.kind === 'pending' && above(key))
  const rest = ranked.filter(key => key !== head && !pending.includes(key))
  return {
    keyId,
    head,
    pending,
    superseded: head === null ? rest.filter(key => !isLeaked(key)) : rest,
    leaked: head === null ? rest.filter(isLeaked) : [],
    highest: ranked[0]?.marker.generation ?? 0,
  }
}
