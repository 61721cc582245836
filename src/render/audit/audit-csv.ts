import { plural } from '../../model/plural.ts'
import type { AuditFindingJson, AuditJson } from './audit-json.ts'
import { csvText } from '../text/csv.ts'

const columns = [
  'kind',
  'severity',
  'rule',
  'key',
  'id',
  'name',
  'generation',
  'permission',
  'project',
  'message',
  'remedy',
  'evidence',
  'file',
  'line',
  'column',
  'fingerprint',
  'excepted_until',
  'exception_owner',
  'exception_reason',
] as const

type Row = Readonly<Partial<Record<(typeof columns)[number], string | number | null>>>

function findingRow({ position, suppressed_by: exception, evidence, ...finding }: AuditFindingJson): Row {
  return {
    ...finding,
    kind: exception === null ? 'finding' : 'excepted',
    evidence: JSON.stringify(evidence),
    ...position,
    excepted_until: exception?.until ?? null,
    exception_owner: exception?.owner ?? null,
    exception_reason: exception?.reason ?? null,
  }
}

/** One row a finding, then one for each rule and reason that was not looked at. Lines end in CRLF. */
export function auditToCsv({ findings, not_looked_at: notLookedAt, known }: AuditJson): string {
  const rows: readonly Row[] = [
    ...findings.map(findingRow),
    ...notLookedAt.flatMap(({ why, rules, ids }) =>
      rules.map(rule => ({ kind: 'not_looked_at', rule, id: ids.join(' '), message: why })),
    ),
    ...(known === null
      ? []
      : [{ kind: 'known', message: `${plural(known, 'finding')} known from before left out` }]),
  ]
  return csvText([columns, ...rows.map(row => columns.map(name => row[name] ?? null))])
}
