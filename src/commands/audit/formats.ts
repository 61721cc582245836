import type { Context } from '../../context.ts'
import type { AuditReport } from '../../model/audit.ts'
import type { Severity } from '../../model/audit-rule.ts'
import { auditToJson } from '../../render/audit-json.ts'
import { renderAudit } from '../../render/audit-text.ts'
import { jsonText } from '../../render/json.ts'
import { oneOf } from './options.ts'

const formats = ['text', 'json'] as const
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

/** Prints a report. */
export function renderAuditAs(
  format: AuditFormat,
  report: AuditReport,
  _options: { readonly failOn: Severity },
  { stdout }: Context,
): void {
  switch (format) {
    case 'text':
      stdout.print(renderAudit(report, stdout))
      return
    case 'json':
      stdout.print(jsonText(auditToJson(report)))
  }
}
