import { type Lineage, type ManagedKey, successorAmong } from '../lifecycle/lineage.ts'
import type { LiveKey } from '../model/live-key.ts'

/** Is what a retiring key names still there? Then it has its mark, and its grace. */
function hasSuccessor(key: ManagedKey, members: readonly ManagedKey[]): boolean {
  const successor = successorAmong(key, members)
  return successor !== undefined && successor.marker.state.kind !== 'pending'
}

/**
 * The keys that a successor is to be named to, before its secret is put anywhere: all that were received, or may have been, except
 * for those that retire already. The head comes last. Where what one of them named is gone, it is marked anew. `unfinished`: the pending ones.
 */
export function predecessorsOf(
  { head, rivals, retiring }: Lineage,
  unfinished: readonly ManagedKey[],
): readonly LiveKey[] {
  const kin = [...(head === null ? [] : [head]), ...rivals, ...retiring]
  const orphans = head === null ? retiring.filter(key => !hasSuccessor(key, kin)) : []
  return [...orphans, ...unfinished, ...rivals, ...(head === null ? [] : [head])].map(({ live }) => live)
}
