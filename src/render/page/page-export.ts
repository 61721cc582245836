import { csvText } from '../text/csv.ts'
import { isoTime } from '../text/time.ts'
import type { PermissionUse } from '../../model/inventory.ts'
import { permissionUses } from './page-data.ts'
import type { Seconds } from './page-data.ts'
import type { FindingRow, Row } from './page-model.ts'

const time = (at: Seconds | null | undefined) => (at == null ? null : isoTime(at * 1000))

function namesOf({ key }: Row, use: PermissionUse): readonly string[] {
  return Object.entries(key.permissions).flatMap(([name, letter]) =>
    permissionUses[letter] === use ? [name] : [],
  )
}

/** A key as a program reads it. */
function keyRecord(row: Row) {
  const { stack, key, age, requests } = row
  const [next] = row.events
  return {
    stack: stack.stack,
    key: key.key,
    managed: key.undeclared !== true,
    name: key.name,
    description: key.description ?? '',
    owner: key.owner ?? null,
    environment: key.environment ?? null,
    projects: key.projects ?? ['(all)'],
    state: key.state,
    permissions_used: namesOf(row, 'used'),
    permissions_unused: namesOf(row, 'unused'),
    permissions_unknown: namesOf(row, 'unknown'),
    permissions_denied: namesOf(row, 'denied'),
    secret_made_at: time(key.made),
    age_days: age === null ? null : Math.floor(age / 86_400),
    max_age_days: key.maxAge === undefined ? null : key.maxAge / 86_400,
    ends_at: time(key.ends),
    last_use:
      typeof key.lastUse === 'number' ? time(key.lastUse) : key.lastUse === null ? 'never' : 'unknown',
    requests,
    next_event: next?.event ?? null,
    next_at: time(next?.at),
    findings: row.findings.length,
    drift: row.drifted,
    stores: key.stores ?? [],
    live_ids: (key.generations ?? []).map(({ id }) => id),
    file: key.position?.file ?? null,
    line: key.position?.line ?? null,
  }
}

function findingRecord({ finding, stack }: FindingRow) {
  const { severity, rule, key, message, remedy, position, excepted } = finding
  return {
    ...{ stack: stack.stack, severity, rule, key, message, remedy },
    file: position?.file ?? null,
    line: position?.line ?? null,
    excepted_until: time(excepted?.until),
    exception_reason: excepted?.reason ?? null,
  }
}

type Cell = string | number | boolean | null | readonly string[]

function cellOf(value: Cell): string | number | null {
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return Array.isArray(value) ? value.join(' ') : (value as string | number | null)
}

function asCsv(records: readonly Readonly<Record<string, Cell>>[], columns: readonly string[]): string {
  return csvText([columns, ...records.map(record => columns.map(name => cellOf(record[name] ?? null)))])
}

const keyColumns: readonly (keyof ReturnType<typeof keyRecord>)[] = [
  ...([
    'stack',
    'key',
    'managed',
    'name',
    'description',
    'owner',
    'environment',
    'projects',
    'state',
  ] as const),
  ...(['permissions_used', 'permissions_unused', 'permissions_unknown', 'permissions_denied'] as const),
  ...([
    'secret_made_at',
    'age_days',
    'max_age_days',
    'ends_at',
    'last_use',
    'requests',
    'next_event',
  ] as const),
  ...(['next_at', 'findings', 'drift', 'stores', 'live_ids', 'file', 'line'] as const),
]

const findingColumns: readonly (keyof ReturnType<typeof findingRecord>)[] = [
  ...(['stack', 'severity', 'rule', 'key', 'message', 'remedy', 'file', 'line'] as const),
  ...(['excepted_until', 'exception_reason'] as const),
]

export type ExportFormat = 'csv' | 'json'

/** All keys of a selection, not only those of the page that is shown. */
export function exportKeys(rows: readonly Row[], format: ExportFormat): string {
  const records = rows.map(keyRecord)
  return format === 'csv' ? asCsv(records, keyColumns) : `${JSON.stringify(records, null, 2)}\n`
}

export function exportFindings(findings: readonly FindingRow[], format: ExportFormat): string {
  const records = findings.map(findingRecord)
  return format === 'csv' ? asCsv(records, findingColumns) : `${JSON.stringify(records, null, 2)}\n`
}
