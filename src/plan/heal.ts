import { useOf } from '../lifecycle/last-use.ts'
import { type Lineage, type ManagedKey, deliveredAt, isOlder } from '../lifecycle/lineage.ts'
import type { Change } from '../model/change.ts'
import { type Instant, type Milliseconds, day, minute } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import { rotationReasons } from '../lifecycle/due.ts'
import { type Decision, type Facts, type KeyCase, isCallingKey, only, together } from './facts.ts'
import { foreignHost } from './foreign-host.ts'
import { isOfThisPlace } from './place.ts'
import { predecessorsOf } from './predecessors.ts'
import { removalOf, storeHolders } from './store-removal.ts'
import { fieldsToNarrow, fieldsToUpdate, narrowOf } from './plan-update.ts'

/** How long a pending key is its maker's business alone. */
export const makersTime: Milliseconds = 15 * minute

/** What was made longer ago, nobody will finish from a replay. */
const abandonedAfter: Milliseconds = day

/** That many pending keys of one key id, and no more are added: something is wrong with its stores, or with a host. */
const maximumPending = 3

/** Another run may be about to deliver a pending key: a warning where it still has time to, else null. */
export function beingMade(
  keyId: string,
  { live, marker }: ManagedKey,
  { options, now }: Pick<Facts, 'options' | 'now'>,
): Finding | null {
  const until = live.createdAt + makersTime
  const isOurs = options.locked && isOfThisPlace(keyId, marker, options)
  if (marker.state.kind !== 'pending' || isOurs || until <= now) return null
  return { severity: 'warning', code: 'being-made', keyId, liveId: live.id, until, lacksSuccessor: false }
}

/** Is this pending key older than a day, and not known to be in a store? With a head next to it, it may go. */
export function isAbandoned(
  { live }: ManagedKey,
  { keyId, head }: Pick<Lineage, 'keyId' | 'head'>,
  { now, options: { held } }: { readonly now: Instant; readonly options: Pick<Facts['options'], 'held'> },
): boolean {
  return head !== null && now - live.createdAt >= abandonedAfter && held.get(keyId)?.has(live.id) !== true
}

/** The pending keys that are to be finished or replaced, the newest first. */
export function unfinished(lineage: Lineage, facts: Facts): readonly ManagedKey[] {
  const { pending } = lineage
  if (pending.length === 0) return pending
  return pending.filter(key => !isAbandoned(key, lineage, facts))
}

/** Keys that no run is known to have delivered, the newest first. */
function neverReceived({ pending, retiring }: Lineage): readonly ManagedKey[] {
  const unreceived = retiring.filter(key => deliveredAt(key) === null)
  return [...pending, ...unreceived].toSorted((a, b) => (isOlder(a.live, b.live) ? 1 : -1))
}

/** What becomes of keys that were made and never delivered; at least one is pending. */
export function heal(key: KeyCase, pending: readonly ManagedKey[], facts: Facts): Decision {
  const { desired, lineage } = key
  const { keyId } = desired
  const { now, options, slots } = facts
  const [newest] = pending
  if (newest === undefined) throw new TypeError('unreachable: at least one key is pending')
  const waiting = beingMade(keyId, newest, facts) ?? foreignHost(desired, newest, 'heal', facts)
  if (waiting !== null) return only(waiting)

  const unreceived = neverReceived(lineage)
  const isOurs = ({ marker }: ManagedKey) => isOfThisPlace(keyId, marker, options)
  const recent = unreceived.filter(each => !isOurs(each) && now - each.live.createdAt < abandonedAfter)
  const isFull = recent.length >= maximumPending
  const isUnused = ({ live }: ManagedKey) =>
    useOf(live).kind === 'never' &&
    !isCallingKey(live, facts) &&
    options.held.get(keyId)?.has(live.id) !== true
  const excess = unreceived
    .filter(isOurs)
    .slice(maximumPending - 1)
    .filter(isUnused)
  const findings: Finding[] = []
  if (isFull) {
    const liveIds = recent.map(({ live }) => live.id)
    findings.push({ severity: 'warning', code: 'too-many-pending', keyId, liveIds })
  }
  const due = ({ live }: ManagedKey) => rotationReasons(desired, live, slots.get(keyId), now)
  const reasons = due(newest)
  // Finished, it would have to be rotated at once.
  if (reasons.length > 0 && isFull) return only(...findings)
  const firstDue = pending.findIndex(each => due(each).length > 0)
  const finishable = firstDue === -1 ? pending : pending.slice(0, firstDue)
  const updates = finishable.map(each => ({ each, update: fieldsToUpdate(desired, each, facts) }))
  if (reasons.length === 0) findings.push(...updates.flatMap(({ update }) => update.findings))
  const narrowed = pending.slice(finishable.length).map(each => narrowOf(key, each, facts))
  const { removal, findings: kept } = removalOf(
    desired,
    storeHolders(lineage, now),
    lineage,
    options,
    'delivers',
  )
  // What is too many retires, too, where one of them is finished, or rotated: then nothing revokes it.
  const shared = { keyId, desired, predecessors: predecessorsOf(lineage, pending), removal }
  const change: Change =
    reasons.length > 0
      ? {
          kind: 'rotate',
          strategy: 'overlap',
          live: newest.live,
          generation: lineage.next,
          fields: [],
          reasons,
          leaked: [],
          ...shared,
        }
      : {
          kind: 'heal',
          pending: updates.map(({ each, update }) => ({
            live: each.live,
            fields: update.fields,
            narrowing: fieldsToNarrow(desired, each, facts).fields,
          })),
          generation: isFull ? null : lineage.next,
          excess: excess.map(({ live }) => live),
          ...shared,
        }
  const rivals = lineage.rivals.map(each => narrowOf(key, each, facts))
  return together({ changes: [change], findings: [...findings, ...kept] }, ...narrowed, ...rivals)
}
