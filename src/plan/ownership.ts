import type { LiveKey } from '../model/live-key.ts'
import { type Lineage, type ManagedKey, lineageOf } from './lineage.ts'

/** The live keys, sorted by who owns them. Keys of other stacks, and keys given up to one, are in none of them. */
export interface Owned {
  readonly lineages: ReadonlyMap<string, Lineage>
  readonly unmanaged: readonly LiveKey[]
  readonly unreadable: readonly LiveKey[]
  /** How many live keys are this stack's. */
  readonly managed: number
}

export function sortByOwner(stack: string, keys: readonly LiveKey[]): Owned {
  const unmanaged: LiveKey[] = []
  const unreadable: LiveKey[] = []
  const groups = new Map<string, ManagedKey[]>()
  let managed = 0
  for (const live of keys) {
    if (live.status === 'revoked') continue
    const { ownership } = live
    if (ownership.kind === 'unmanaged') unmanaged.push(live)
    else if (ownership.kind === 'unreadable') unreadable.push(live)
    else if (ownership.marker.stack === stack && ownership.marker.state.kind !== 'released') {
      const group = groups.get(ownership.marker.keyId) ?? []
      group.push({ live, marker: ownership.marker })
      groups.set(ownership.marker.keyId, group)
      managed += 1
    }
  }
  const lineages = new Map([...groups].map(([keyId, group]) => [keyId, lineageOf(keyId, group)]))
  return { lineages, unmanaged, unreadable, managed }
}
