import type { Context } from '../../context.ts'
import type { AuditReport } from '../../model/audit.ts'
import type { Severity } from '../../model/audit-rule.ts'
import { auditToCsv } from '../../render/audit/audit-csv.ts'
import { auditToJson } from '../../render/audit/audit-json.ts'
import { auditToJunit } from '../../render/audit/audit-junit.ts'
import { auditToMarkdown } from '../../render/audit/audit-markdown.ts'
import { auditToCodeQuality } from '../../render/audit/code-quality.ts'
import { auditToSarif } from '../../render/audit/audit-sarif.ts'
import { renderAudit } from '../../render/audit/audit-text.ts'
import { jsonText } from '../../render/text/json.ts'
import type { InventoryEntry } from '../../model/inventory.ts'
import { oneOf } from './options.ts'

const formats = ['text', 'json', 'sarif', 'junit', 'markdown', 'csv', 'gitlab'] as const
export type AuditFormat = (typeof formats)[number]

/** Throws a usage `Failure`. */
export function formatOf({
  format,
  json,
}: {
  readonly format: string | null
  readonly json: boolean
}): AuditFormat {
  return format === null ? (json ? 'json' : 'text') : oneOf('format', format, formats)
}

/** Prints a report. `home`: the file that shows findings of keys that nothing declares. */
export function renderAuditAs(
  format: AuditFormat,
  report: AuditReport,
  {
    failOn,
    home,
    keys,
  }: {
    readonly failOn: Severity
    readonly home: string | null
    /** The audited keys; asked of what JSON alone holds. */
    readonly keys: () => readonly InventoryEntry[]
  },
  { stdout, version }: Context,
): void {
  switch (format) {
    case 'text':
      stdout.print(renderAudit(report, stdout))
      return
    case 'json':
      stdout.print(jsonText(auditToJson(report, keys())))
      return
    case 'sarif':
      stdout.print(jsonText(auditToSarif(auditToJson(report), { version, home })))
      return
    case 'junit':
      stdout.print(auditToJunit(auditToJson(report), failOn))
      return
    case 'markdown':
      stdout.print(auditToMarkdown(report))
      return
    case 'csv':
      stdout.print(auditToCsv(auditToJson(report)))
      return
    case 'gitlab':
      stdout.print(jsonText(auditToCodeQuality(auditToJson(report), home ?? 'fluxloop-keys.yaml')))
  }
}
