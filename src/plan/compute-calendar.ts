import type { Calendar, CalendarEntry } from '../model/calendar.ts'
import type { Plan, Retiring } from '../model/change.ts'
import type { DesiredKey, DesiredState } from '../model/desired.ts'
import type { Instant, Milliseconds } from '../model/duration.ts'
import { declaredEntries } from './calendar-rotations.ts'
import { computePlan } from './compute-plan.ts'
import { grantEntries } from './grant-ends.ts'
import type { CurrentState, PlanOptions } from './input.ts'
import { useOf } from '../lifecycle/last-use.ts'
import { grantOf } from '../lifecycle/emergency.ts'
import { type Lineage, lineageOf } from '../lifecycle/lineage.ts'
import { ownedKeys } from '../lifecycle/ownership.ts'
import { evidenceOf } from './find-proof.ts'
import { rotationSlots } from '../lifecycle/spread.ts'

/** When a key that has to go goes at the earliest; null where no time tells, since its use is unknown. */
function earliestEnd({ live, wait }: Retiring, quiet: Milliseconds, now: Instant): Instant | null {
  const use = useOf(live)
  const used = 'at' in use ? use.at : null
  switch (wait.code) {
    case 'grace':
    case 'young':
      return Math.max(wait.until, used === null ? 0 : used + quiet)
    case 'in-use':
      return Math.max(now, (used ?? now) + wait.quiet)
    case 'usage-unknown':
    case 'successor-pending':
    case 'predecessor-alive':
    case 'another-first':
    case 'over-limit':
    case 'key-held':
      return null
  }
}

/** What already has to go: revoked by the plan of this moment, or retiring. */
function departures(desired: DesiredState, { changes, retiring, now }: Plan): readonly CalendarEntry[] {
  const quiets = new Map(desired.keys.map(({ keyId, rotation }) => [keyId, rotation.quiet]))
  const gone = changes.flatMap((change): CalendarEntry[] => {
    if (change.kind !== 'revoke') return []
    const { keyId, live, generation, reason } = change
    return [{ at: now, keyId, name: live.name, liveId: live.id, generation, event: 'retires', reason }]
  })
  const going = retiring.flatMap((each): CalendarEntry[] => {
    const { keyId, live, generation, reason } = each
    const entry = { keyId, name: live.name, liveId: live.id, generation }
    const at = earliestEnd(each, quiets.get(keyId) ?? desired.prune.quiet, now)
    const end = live.expiresAt
    if (end !== null && end > now && (at === null || end < at))
      return [{ ...entry, at: end, event: 'expires', why: 'superseded' }]
    return at === null ? [] : [{ ...entry, at, event: 'retires', reason }]
  })
  return [...gone, ...going]
}

/** Keys that no declaration renews and nothing revokes: protected ones, and nobody's. */
function unrenewed(
  desired: DesiredState,
  lineages: ReadonlyMap<string, Lineage>,
  plan: Plan,
): readonly CalendarEntry[] {
  const declared = new Set(desired.keys.map(({ keyId }) => keyId))
  const leaving = new Set(
    [...plan.changes, ...plan.retiring].flatMap(each => ('live' in each ? [each.live.id] : [])),
  )
  const left = [...lineages.values()]
    .filter(({ keyId }) => !declared.has(keyId))
    .flatMap(({ keyId, head }) => (head === null || leaving.has(head.live.id) ? [] : [{ keyId, head }]))
    .flatMap(({ keyId, head: { live, marker } }): CalendarEntry[] => {
      const { id: liveId, name, expiresAt: at } = live
      const entry = {
        keyId,
        name,
        liveId,
        generation: marker.generation,
        event: 'expires',
        why: 'undeclared',
      } as const
      return at === null ? [] : [{ ...entry, at }]
    })
  const unmanaged = plan.unmanaged.flatMap(({ id: liveId, name, expiresAt: at }): CalendarEntry[] =>
    at === null
      ? []
      : [{ at, keyId: null, name, liveId, generation: null, event: 'expires', why: 'unmanaged' }],
  )
  return [...left, ...unmanaged]
}

const order: Readonly<Record<CalendarEntry['event'], number>> = {
  rotates: 0,
  narrows: 1,
  retires: 2,
  expires: 3,
}

function text({ keyId, name, liveId, generation }: CalendarEntry): string {
  return [keyId ?? `~${name}`, String(generation ?? 0).padStart(9, '0'), liveId ?? '~'].join(' ')
}

function inTurn(a: CalendarEntry, b: CalendarEntry): number {
  return (
    a.at - b.at || order[a.event] - order[b.event] || (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0)
  )
}

/**
 * What rotates, retires and expires from `now` until `until` (milliseconds, UTC) if apply runs often enough, nobody changes
 * anything, and no key that retires is in use. Pure; asks the planner for this moment and its due days for all others.
 */
export function computeCalendar(
  desired: DesiredState,
  current: CurrentState,
  now: Instant,
  until: Instant,
  options: PlanOptions,
): Calendar {
  const plan = computePlan(desired, current, now, options)
  const { lineages } = ownedKeys(desired, current.keys, now, evidenceOf(desired.keys, options))
  const slots = rotationSlots(desired.stack, desired.keys)
  const emergencyOf = ({ keyId }: DesiredKey, { head }: Lineage) =>
    head === null ? null : grantOf(head, keyId, desired, options.signed, now)
  const callerId = current.caller.key?.id ?? null
  const entries = [
    ...desired.keys.flatMap(key => {
      const lineage = lineages.get(key.keyId) ?? lineageOf(key.keyId, [])
      return [
        ...declaredEntries(key, lineage, plan, slots.get(key.keyId), callerId, until),
        ...grantEntries(key, lineage, now, emergencyOf(key, lineage)),
      ]
    }),
    ...departures(desired, plan),
    ...unrenewed(desired, lineages, plan),
  ].filter(({ at }) => at >= now && at <= until)
  return { stack: desired.stack, now, until, entries: entries.sort(inTurn) }
}
