import type { UsageFigures } from './usage-text.ts'

type Counts = ReadonlyMap<string, number>

interface AllFigures extends UsageFigures {
  readonly byDay: Counts
  readonly byOperationAndProject: ReadonlyMap<string, Counts> | null
  readonly addresses: readonly { readonly ip: string; readonly requests: number }[] | null
}

/** Names are in code-point order, so that the same figures give the same text. */
function sorted(counts: Counts): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Usage as `apikeys show --json` prints it; see `schemas/apikeys.schema.json`. Days are in UTC. */
export function usageToJson(usage: AllFigures, days: number) {
  const { byOperationAndProject: both } = usage
  return {
    days,
    total: usage.total,
    average_per_day: Math.round((usage.total / days) * 100) / 100,
    by_day: sorted(usage.byDay),
    by_operation: sorted(usage.byOperation),
    by_project: sorted(usage.byProject),
    by_operation_and_project:
      both === null
        ? null
        : Object.fromEntries([...both].map(([operation, counts]) => [operation, sorted(counts)])),
    addresses: usage.addresses,
  }
}
