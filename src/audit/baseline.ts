import type { AuditFinding, AuditReport } from '../model/audit.ts'

/** The findings of a report from before, by fingerprint: whether an exception answered for each. */
export type Baseline = ReadonlyMap<string, { readonly suppressed: boolean }>

/** A finding whose exception is gone is new, though the baseline has it: nobody answers for it any more. */
function isKnown({ fingerprint, suppressedBy }: AuditFinding, baseline: Baseline): boolean {
  const before = baseline.get(fingerprint)
  return before !== undefined && (!before.suppressed || suppressedBy !== null)
}

/** The report with what is new since the baseline, and how much was left out. */
export function sinceBaseline(report: AuditReport, baseline: Baseline): AuditReport {
  const findings = report.findings.filter(finding => !isKnown(finding, baseline))
  return { ...report, findings, known: report.findings.length - findings.length }
}
