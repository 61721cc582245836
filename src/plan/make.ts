import type { Rotate, RotationReason } from '../model/change.ts'
import type { ManagedKey } from '../lifecycle/lineage.ts'
import { type Decision, type Facts, type KeyCase, nothing, together } from './facts.ts'
import { foreignHost } from './foreign-host.ts'
import { unfinished } from './heal.ts'
import { predecessorsOf } from './predecessors.ts'
import { removalOf, storeHolders } from './store-removal.ts'
import { narrowOf } from './plan-update.ts'

/** The first key of a key id. */
export function makeFirst({ desired, lineage }: KeyCase): Decision {
  const { keyId } = desired
  return { ...nothing, changes: [{ kind: 'create', keyId, desired, generation: lineage.next }] }
}

/** The successor of a key, where none leads: `former` is the one that its users have. */
export function replaceFormer(
  key: KeyCase,
  former: ManagedKey,
  reasons: readonly RotationReason[],
  facts: Facts,
): Decision {
  const { desired, lineage } = key
  const { keyId } = desired
  const elsewhere = foreignHost(desired, former, 'rotate', facts)
  if (elsewhere !== null) return { ...nothing, findings: [elsewhere] }
  const { removal, findings } = removalOf(
    desired,
    [former, ...storeHolders(lineage, facts.now)],
    lineage,
    facts.options,
    'delivers',
  )
  const change: Rotate = {
    kind: 'rotate',
    strategy: 'overlap',
    keyId,
    desired,
    live: former.live,
    generation: lineage.next,
    fields: [],
    reasons,
    leaked: [],
    predecessors: predecessorsOf(lineage, unfinished(lineage, facts)),
    removal,
  }
  const others = [...lineage.rivals, ...unfinished(lineage, facts)]
  return together({ changes: [change], findings }, ...others.map(each => narrowOf(key, each, facts)))
}
