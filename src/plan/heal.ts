import type { Change } from '../model/change.ts'
import type { Finding } from '../model/finding.ts'
import type { DesiredKey } from '../model/desired.ts'
import { type Instant, type Milliseconds, minute } from '../model/duration.ts'
import { rotationReasons } from './due.ts'
import type { PlanOptions } from './input.ts'
import { fieldChanges } from './fields.ts'
import { type KeyFacts, type KeyPlan, foreignHost, narrowingOf, sparingCaller, updating } from './key-plan.ts'
import type { Lineage, ManagedKey } from '../lifecycle/lineage.ts'
import { removalOf, storeHolders } from './removal.ts'

/** How long a pending key is its maker's business alone. */
const makersTime: Milliseconds = 15 * minute

/** So many pending keys of one key id, and no more are added: something is wrong with its stores, or with a host. */
export const maximumPending = 3

/** Another run may be about to deliver a pending key: a warning where it still has time to, else null. */
export function beingMade(
  { live, marker }: ManagedKey,
  { host, locked }: Pick<PlanOptions, 'host' | 'locked'>,
  now: Instant,
): Finding | null {
  const until = live.createdAt + makersTime
  const isOurs = locked && marker.host === host
  if (marker.state.kind !== 'pending' || isOurs || until <= now) return null
  return { severity: 'warning', code: 'being-made', keyId: marker.keyId, liveId: live.id, until }
}

/** What becomes of keys that were made and never delivered; at least one is pending. */
export function healing(desired: DesiredKey, lineage: Lineage, newest: ManagedKey, facts: KeyFacts): KeyPlan {
  const { keyId } = desired
  const { now, options } = facts
  const waiting = beingMade(newest, options, now) ?? foreignHost(desired, newest, 'heal', options)
  if (waiting !== null) return { changes: [], findings: [waiting], sound: false }

  const others = lineage.pending.filter(({ marker }) => marker.host !== options.host)
  const full = others.length >= maximumPending
  const findings: Finding[] = []
  if (full) {
    const liveIds = lineage.pending.map(({ live }) => live.id)
    findings.push({ severity: 'warning', code: 'too-many-pending', keyId, liveIds })
  }
  const generation = lineage.highest + 1
  const due = ({ live }: ManagedKey) => rotationReasons(desired, live, facts.turn, now)
  const reasons = due(newest)
  // Finished, it would have to be rotated at once.
  if (reasons.length > 0 && full) return { changes: [], findings, sound: false }
  const firstDue = lineage.pending.findIndex(key => due(key).length > 0)
  const finishable = firstDue === -1 ? lineage.pending : lineage.pending.slice(0, firstDue)
  const narrowed = lineage.pending
    .slice(finishable.length)
    .map(superseded => updating(desired, superseded, facts, true))
  const pending = finishable.map(key => ({
    live: key.live,
    fields: sparingCaller(keyId, key.live, fieldChanges(desired, key, now), facts.current).fields,
    narrowing: narrowingOf(desired, key, facts),
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
      : { kind: 'heal', keyId, desired, pending, generation: full ? null : generation, removal }
  return {
    changes: [change, ...narrowed.flatMap(({ changes }) => changes)],
    findings: [...findings, ...left, ...narrowed.flatMap(plan => plan.findings)],
    sound: true,
  }
}
