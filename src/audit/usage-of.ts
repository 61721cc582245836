import type { Unseen } from '../model/audit.ts'
import { day } from '../model/duration.ts'
import type { Counts, ObservedUsage } from '../model/observed-usage.ts'
import type { AuditedKey } from './audited-key.ts'
import { liveKeysOf } from './audited-key.ts'
import type { AuditFacts } from './audit-facts.ts'

export type SeenUsage =
  | { readonly seen: true; readonly usage: readonly ObservedUsage[] }
  | { readonly seen: false; readonly why: Unseen }

/**
 * The usage of all live keys of a key over the whole window. Not seen where figures of one of them are missing, or where the oldest is
 * younger than the window: who has not worked yet may still come.
 */
export function usageOf(key: AuditedKey, { usage, now, windowDays, live }: AuditFacts): SeenUsage {
  if (live === null) return { seen: false, why: 'offline' }
  const members = liveKeysOf(key)
  if (members.length === 0) return { seen: false, why: 'no-live-key' }
  if (!live.complete) return { seen: false, why: 'list-incomplete' }
  const oldest = Math.min(...members.map(({ createdAt }) => createdAt))
  if (now - oldest < windowDays * day) return { seen: false, why: 'too-young' }
  const found: ObservedUsage[] = []
  for (const { id } of members) {
    const facts = usage?.get(id)
    if (facts === undefined) return { seen: false, why: 'not-needed' }
    if (!facts.known) return { seen: false, why: facts.gap }
    found.push(facts.usage)
  }
  return { seen: true, usage: found }
}

/** The numbers of several keys, added up by name. */
export function addCounts(all: readonly Counts[]): Counts {
  const sums = new Map<string, number>()
  for (const counts of all) for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count)
  return sums
}

function addAddresses(all: readonly ObservedUsage['addresses'][]): ObservedUsage['addresses'] {
  const lists = all.filter(list => list !== null)
  if (lists.length < all.length) return null
  const sums = addCounts(lists.map(list => new Map(list.map(({ ip, requests }) => [ip, requests] as const))))
  return [...sums].map(([ip, requests]) => ({ ip, requests }))
}

function addDetails(all: readonly ObservedUsage['byOperationAndProject'][]) {
  const known = all.filter(details => details !== null)
  if (known.length < all.length) return null
  const names = new Set(known.flatMap(details => [...details.keys()]))
  return new Map([...names].map(name => [name, addCounts(known.flatMap(each => each.get(name) ?? []))]))
}

/** What several live keys were used for, as if they were one; null of none. */
export function addUsage(all: readonly ObservedUsage[]): ObservedUsage | null {
  if (all.length === 0) return null
  return {
    from: Math.min(...all.map(({ from }) => from)),
    to: Math.max(...all.map(({ to }) => to)),
    byDay: addCounts(all.map(({ byDay }) => byDay)),
    byOperation: addCounts(all.map(({ byOperation }) => byOperation)),
    byProject: addCounts(all.map(({ byProject }) => byProject)),
    byOperationAndProject: addDetails(all.map(({ byOperationAndProject }) => byOperationAndProject)),
    addresses: addAddresses(all.map(({ addresses }) => addresses)),
  }
}

/** Names and numbers for people, the largest number first: `Pull scenarios: 567`. */
export function countTexts(counts: Counts): readonly string[] {
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([name, count]) => `${name}: ${count}`)
}

export function total(counts: Counts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}
