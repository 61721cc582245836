import type { WireUsage } from '../platform/wire.ts'
import type { Answer, Call } from './incoming-call.ts'
import type { Database } from './database.ts'
import { visibleKey } from './keys.ts'
import { queryFields, wholeNumber } from './validation.ts'

export interface Use {
  readonly keyId: string
  readonly at: number
  readonly operation: string
  /** Null where the request was about no project. */
  readonly project: string | null
  readonly ip: string
  readonly userAgent: string | null
}

const day = 86_400_000

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** Counts one request. It leaves the version of the key alone: whoever edits it has not been overtaken. */
export function recordUse(database: Database, use: Use): void {
  database.run(
    `insert into usage values (?, ?, ?, ?, ?, 1)
       on conflict (key_id, day, operation, project, ip) do update set requests = requests + 1`,
    use.keyId,
    dayOf(use.at),
    use.operation,
    use.project ?? '',
    use.ip,
  )
  database.run(
    'update api_keys set last_used_at = ?, last_ip = ?, last_user_agent = ? where id = ?',
    use.at,
    use.ip,
    use.userAgent,
    use.keyId,
  )
}

interface UsageRow {
  readonly day: string
  readonly operation: string
  readonly project: string
  readonly ip: string
  readonly requests: number
}

/** The use of one key in the last `days` days (30; at most 366), today included. Operations have their display names. */
export function keyUsage(call: Call): Answer {
  const row = visibleKey(call)
  const fields = queryFields(call.query)
  const days = wholeNumber(fields, 'days', { least: 1, most: 366, usual: 30, capped: false })
  fields.finish()
  const rows = call.database.all(
    'select * from usage where key_id = ? and day > ? order by day, operation, project, ip',
    row.id,
    dayOf(call.now - days * day),
  ) as UsageRow[]
  return { status: 200, body: summary(rows) }
}

function summary(rows: readonly UsageRow[]): WireUsage {
  const ofProjects = rows.filter(row => row.project !== '')
  const operations = [...new Set(ofProjects.map(row => row.operation))]
  const byAddress = Object.entries(sums(rows, row => row.ip))
  return {
    total: rows.reduce((sum, row) => sum + row.requests, 0),
    by_day: sums(rows, row => row.day),
    by_operation: sums(rows, row => row.operation),
    by_project: sums(ofProjects, row => row.project),
    by_operation_and_project: Object.fromEntries(
      operations.map(name => [
        name,
        sums(
          ofProjects.filter(row => row.operation === name),
          row => row.project,
        ),
      ]),
    ),
    addresses: byAddress
      .map(([ip, requests]) => ({ ip, requests }))
      .sort((a, b) => b.requests - a.requests || (a.ip < b.ip ? -1 : 1)),
  }
}

function sums(rows: readonly UsageRow[], by: (row: UsageRow) => string): Record<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(by(row), (counts.get(by(row)) ?? 0) + row.requests)
  return Object.fromEntries(counts)
}
