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
  /** The highest delivered or adopted key; null where there is none. */
  readonly head: ManagedKey | null
  /** Made after the head and not delivered; highest generation first. */
  readonly pending: readonly ManagedKey[]
  /** Everything below the head, whatever its own marker says; highest generation first. */
  readonly superseded: readonly ManagedKey[]
  /** Known to others, and no successor is delivered yet. */
  readonly leaked: readonly ManagedKey[]
  /** The highest generation alive; 0 where there is none. */
  readonly highest: number
}

/** Of two live keys, the one that everyone agrees was made first. */
export function isOlder(a: LiveKey, b: LiveKey): boolean {
  return a.createdAt === b.createdAt ? a.id < b.id : a.createdAt < b.createdAt
}

/** Higher generations first; of one generation the older key first. */
function bySuccession(a: ManagedKey, b: ManagedKey): number {
  return b.marker.generation - a.marker.generation || (isOlder(a.live, b.live) ? -1 : 1)
}

function isHeadState({ marker }: ManagedKey): boolean {
  return marker.state.kind === 'delivered' || marker.state.kind === 'external'
}

export function lineageOf(keyId: string, keys: readonly ManagedKey[]): Lineage {
  const ranked = [...keys].sort(bySuccession)
  const head = ranked.find(isHeadState) ?? null
  const above = (key: ManagedKey) => head === null || key.marker.generation > head.marker.generation
  const pending = ranked.filter(key => key.marker.state.kind === 'pending' && above(key))
  const rest = ranked.filter(key => key !== head && !pending.includes(key))
  return {
    keyId,
    head,
    pending,
    superseded: head === null ? [] : rest,
    leaked: head === null ? rest : [],
    highest: ranked[0]?.marker.generation ?? 0,
  }
}
