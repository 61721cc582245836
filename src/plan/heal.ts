import { rotationReasons } from './due.ts'
import type { Change } from '../model/change.ts'
import { type Milliseconds, minute } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import type { ManagedKey } from '../lifecycle/lineage.ts'
import { type Decision, type Facts, type KeyCase, nothing, together } from './facts.ts'
import { foreignHost } from './foreign-host.ts'
import { removalOf, storeHolders } from './removal.ts'
import { fieldsToNarrow, fieldsToUpdate, narrowOf } from './update.ts'

/** How long a pending key is its maker's business alone. */
const makersTime: Milliseconds = 15 * minute

/** So many pending keys of one key id, and no more are added: something is wrong with its stores, or with a host. */
export const maximumPending = 3

/** Another run may be about to deliver a pending key: a warning where it still has time to, else null. */
export function beingMade(
  { live, marker }: ManagedKey,
  { options, now }: Pick<Facts, 'options' | 'now'>,
): Finding | null {
  const until = live.createdAt + makersTime
  const isOurs = options.locked && marker.host === options.host
  if (marker.state.kind !== 'pending' || isOurs || until <= now) return null
  return { severity: 'warning', code: 'being-made', keyId: marker.keyId, liveId: live.id, until }
}

/** What becomes of keys that were made and never delivered; at least one is pending. */
export function heal(key: KeyCase, newest: ManagedKey, facts: Facts): Decision {
  const { desired, lineage } = key
  const { keyId } = desired
  const { now, options, slots } = facts
  const waiting = beingMade(newest, facts) ?? foreignHost(desired, newest, 'heal', facts)
  if (waiting !== null) return { ...nothing, findings: [waiting] }

  const others = lineage.pending.filter(({ marker }) => marker.host !== options.host)
  const isFull = others.length >= maximumPending
  const findings: Finding[] = []
  if (isFull) {
    const liveIds = lineage.pending.map(({ live }) => live.id)
    findings.push({ severity: 'warning', code: 'too-many-pending', keyId, liveIds })
  }
  const generation = lineage.highest + 1
  const due = ({ live }: ManagedKey) => rotationReasons(desired, live, slots.get(keyId), now)
  const reasons = due(newest)
  // Finished, it would have to be rotated at once.
  if (reasons.length > 0 && isFull) return { ...nothing, findings }
  const firstDue = lineage.pending.findIndex(each => due(each).length > 0)
  const finishable = firstDue === -1 ? lineage.pending : lineage.pending.slice(0, firstDue)
  const narrowed = lineage.pending.slice(finishable.length).map(each => narrowOf(key, each, facts))
  const pending = finishable.map(each => ({
    live: each.live,
    fields: fieldsToUpdate(desired, each, facts).fields,
    narrowing: fieldsToNarrow(desired, each, facts).fields,
  }))
  const { removal, findings: left } = removalOf(desired, storeHolders(lineage), lineage, options, 'delivers')
  const change: Change =
    reasons.length > 0
      ? {
          kind: 'rotate',
          strategy: 'overlap',
          keyId,
          desired,
          live: newest.live,
          generation,
          fields: [],
          reasons,
          leaked: [],
          removal,
        }
      : { kind: 'heal', keyId, desired, pending, generation: isFull ? null : generation, removal }
  return together({ changes: [change], findings: [...findings, ...left] }, ...narrowed)
}
