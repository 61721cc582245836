import type { Counts, ObservedUsage } from '../model/observed-usage.ts'
import { permissionOf } from '../model/operation.ts'
import { addCounts } from './usage-of.ts'

export interface UsedPermissions {
  /** Requests by permission; operations that need none are left out. */
  readonly counts: Counts
  /** Operations that this version does not know: any permission may have been used by them. */
  readonly unknown: readonly string[]
  /** Permission, then project; null where the platform does not say of every key. */
  readonly byProject: ReadonlyMap<string, Counts> | null
}

function byPermission(operations: Iterable<readonly [string, Counts]>): ReadonlyMap<string, Counts> {
  const found = new Map<string, Counts>()
  for (const [operation, counts] of operations) {
    const permission = permissionOf(operation)
    if (typeof permission !== 'string') continue
    found.set(permission, addCounts([found.get(permission) ?? new Map(), counts]))
  }
  return found
}

/** A name that is listed with nothing was not seen. */
function above(counts: Counts): Counts {
  return new Map([...counts].filter(([, count]) => count > 0))
}

export function usedPermissions(usage: readonly ObservedUsage[]): UsedPermissions {
  const operations = addCounts(usage.map(({ byOperation }) => byOperation))
  const used = [...operations].filter(([, count]) => count > 0)
  const counts = byPermission(used.map(([name, count]) => [name, new Map([['', count]])]))
  const detailed = usage.map(({ byOperationAndProject }) => byOperationAndProject)
  return {
    counts: new Map([...counts].map(([name, each]) => [name, each.get('') ?? 0])),
    unknown: used.flatMap(([name]) => (permissionOf(name) === undefined ? [name] : [])).sort(),
    byProject: detailed.includes(null)
      ? null
      : byPermission(
          detailed.flatMap(each => [...(each ?? [])].map(([name, counts]) => [name, above(counts)])),
        ),
  }
}
