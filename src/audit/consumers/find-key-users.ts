import type { SeenUse } from '../../model/consumer.ts'
import type { DesiredKey } from '../../model/desired.ts'
import { type Instant, day } from '../../model/duration.ts'
import type { ConsumerStatus, KeyUsers, WhyUnknown } from '../../model/key-users.ts'
import type { ObservedUsage } from '../../model/observed-usage.ts'
import { type Lineage, membersOf } from '../../lifecycle/lineage.ts'
import { notMoved } from '../../lifecycle/last-users.ts'
import { lastUses } from './observed.ts'
import { sightingOf } from './sightings.ts'
import { unknownUses } from './find-unknown-uses.ts'

/** The longest window that the platform takes, in days. */
const mostDays = 366

/** Figures of all live keys of a key together, or why there are none. */
export type Figures =
  | { readonly known: true; readonly usage: ObservedUsage }
  | { readonly known: false; readonly why: WhyUnknown }

/** A window of whole days that reaches back further than a period: the platform counts by day, and the first may have begun before it. */
function daysFor(period: number): number {
  return Math.min(mostDays, Math.ceil(period / day) + 1)
}

/** The windows that `who` needs figures of for one key, in days, each once: its own, and one for each `every`. */
export function windowsFor({ consumers }: DesiredKey, windowDays: number): readonly number[] {
  return [...new Set([windowDays, ...consumers.map(({ every }) => daysFor(every))])]
}

interface Facts {
  readonly members: readonly { readonly live: { readonly createdAt: Instant } }[]
  readonly figures: (days: number) => Figures
  readonly last: readonly SeenUse[]
  readonly now: Instant
}

function statusOf(
  consumer: DesiredKey['consumers'][number],
  { consumers }: DesiredKey,
  { members, figures, last, now }: Facts,
): ConsumerStatus {
  const { name, every } = consumer
  const found = figures(daysFor(every))
  if (!found.known) return { name, every, status: 'unknown', why: found.why }
  const { usage } = found
  if (usage.from > now - every) return { name, every, status: 'unknown', why: 'too-long' }
  const recent = last.filter(({ at }) => at >= usage.from)
  const sighting = sightingOf(consumer, consumers, usage, recent)
  if (sighting !== 'absent') return { name, every, status: sighting, why: null }
  // Predecessors are gone, and what they were used for with them.
  const isYoung = Math.min(...members.map(({ live }) => live.createdAt)) > now - every
  return isYoung
    ? { name, every, status: 'unknown', why: 'too-young' }
    : { name, every, status: 'silent', why: null }
}

/** Who used a key in a window, and how each of its consumers shows in the time in which it should work. Pure. */
export function keyUsers(
  key: DesiredKey,
  lineage: Lineage,
  figures: (days: number) => Figures,
  { now, windowDays }: { readonly now: Instant; readonly windowDays: number },
): KeyUsers {
  const members = membersOf(lineage)
  const last = lastUses(members.map(({ live }) => live))
  const found = figures(windowDays)
  const { keyId, name, consumers } = key
  return {
    keyId,
    name,
    liveIds: members.map(({ live }) => live.id),
    windowDays,
    gap: found.known ? null : found.why,
    consumers: consumers.map(each => statusOf(each, key, { members, figures, last, now })),
    unknown: unknownUses(consumers, found.known ? found.usage : null, last),
    notMoved: notMoved(key, lineage.retiring),
  }
}
