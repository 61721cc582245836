import { day } from '../../src/model/duration.ts'
import type { ObservedUsage } from '../../src/model/observed-usage.ts'
import { now } from './build.ts'

/** Usage of the last 30 days: operation, project, number of requests. An operation without projects was used once. */
export function observed(
  operations: Readonly<Record<string, Readonly<Record<string, number>>>>,
  overrides: Partial<ObservedUsage> = {},
): ObservedUsage {
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((total, count) => total + count, 0)
  const projects = new Map<string, number>()
  for (const counts of Object.values(operations))
    for (const [project, count] of Object.entries(counts))
      projects.set(project, (projects.get(project) ?? 0) + count)
  return {
    from: now - 30 * day,
    to: now,
    byDay: new Map(),
    byOperation: new Map(
      Object.entries(operations).map(([name, counts]) => [
        name,
        Object.keys(counts).length === 0 ? 1 : sum(counts),
      ]),
    ),
    byProject: projects,
    byOperationAndProject: new Map(
      Object.entries(operations).map(([name, counts]) => [name, new Map(Object.entries(counts))]),
    ),
    addresses: [{ ip: '203.0.113.7', requests: 1 }],
    ...overrides,
  }
}
