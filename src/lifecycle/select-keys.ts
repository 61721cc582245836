import type { Instant, Milliseconds } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import { isUnused } from './last-use.ts'

/** What a list is narrowed to; every condition that is given must hold. */
export interface Selection {
  /** With a stack's marker, readable or not; without one; null: both. */
  readonly managed: boolean | null
  /** Not used for that long; null: whatever its use. */
  readonly unused: Milliseconds | null
  /** Ends within that time; null: whenever it ends. */
  readonly expiring: Milliseconds | null
  /** A project in its scope; null: any. */
  readonly project: string | null
}

export const sortOrders = ['name', 'created', 'expires', 'last-used'] as const

export type SortOrder = (typeof sortOrders)[number]

/** A key that has ended already does not end any more. */
function isExpiring({ expiresAt }: LiveKey, window: Milliseconds, now: Instant): boolean {
  return expiresAt !== null && expiresAt > now && expiresAt <= now + window
}

function isSelected(key: LiveKey, { managed, unused, expiring, project }: Selection, now: Instant): boolean {
  return (
    (managed === null || managed === (key.ownership.kind !== 'unmanaged')) &&
    (unused === null || isUnused(key, unused, now)) &&
    (expiring === null || isExpiring(key, expiring, now)) &&
    (project === null || key.scope === 'all' || key.scope.includes(project))
  )
}

/** Never used comes after every use, and no data after that. */
function lastUseRank({ lastUse }: LiveKey): number {
  if (!lastUse.known) return Number.NEGATIVE_INFINITY
  return lastUse.at ?? Number.MIN_SAFE_INTEGER
}

function compare(a: number | string, b: number | string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

const comparisons: Readonly<Record<SortOrder, (a: LiveKey, b: LiveKey) => number>> = {
  name: (a, b) => compare(a.name.toLowerCase(), b.name.toLowerCase()),
  created: (a, b) => compare(b.createdAt, a.createdAt),
  expires: (a, b) => compare(a.expiresAt ?? Infinity, b.expiresAt ?? Infinity),
  'last-used': (a, b) => compare(lastUseRank(b), lastUseRank(a)),
}

/**
 * The keys that a selection leaves, sorted: by name; newest first; soonest end first, then those without one; or last used
 * first, then the never used, then those without data. Ties go by id.
 */
export function selectKeys(
  keys: readonly LiveKey[],
  selection: Selection,
  order: SortOrder,
  now: Instant,
): readonly LiveKey[] {
  return keys
    .filter(key => isSelected(key, selection, now))
    .sort((a, b) => comparisons[order](a, b) || compare(a.id, b.id))
}
