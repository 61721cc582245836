import type { AuditFinding } from '../model/audit.ts'
import { type Severity, compareSeverity, severities } from '../model/audit-rule.ts'
import type { PlanAudit } from '../model/plan-audit.ts'
import { type AuditFindingJson, auditFindingToJson, countSeverities } from './audit-json.ts'
import type { Palette } from './palette.ts'
import { escapeControls, redactSecrets, wrap } from './text.ts'
import { nameText } from './values.ts'

/** What audit says of a plan, as `plan --json` prints it. */
export interface PlanAuditJson {
  /** The policy's; null: it refuses nothing. */
  readonly fail_on: Severity | null
  /** Unsuppressed ones. */
  readonly counts: Readonly<Record<Severity, number>>
  readonly findings: readonly AuditFindingJson[]
  /** Fingerprints of the findings for which the plan is refused. */
  readonly refusing: readonly string[]
}

export function planAuditToJson({ findings, failOn, refusing }: PlanAudit): PlanAuditJson {
  return {
    fail_on: failOn,
    counts: countSeverities(findings),
    findings: findings.map(auditFindingToJson),
    refusing: refusing.map(({ fingerprint }) => fingerprint),
  }
}

/** Where the policy does not say what fails it. */
const usuallyShown: Severity = 'high'
/** More lines than that are for `audit`. */
const mostShown = 10

const safe = (text: string) => escapeControls(redactSecrets(text))

function line({ severity, subject, message, rule }: AuditFinding, { red, yellow }: Palette): string {
  const paint = compareSeverity(severity, 'high') >= 0 ? red : yellow
  const whose = nameText(safe(subject.keyId ?? subject.liveId ?? ''))
  return `${paint(severity)} ${whose}: ${safe(message)} (${safe(rule)})`
}

/** The worst ones, and how many there are in all; empty where nothing was found. */
export function planAuditSection(
  { findings, failOn }: PlanAudit,
  palette: Palette,
  width: number,
): readonly string[] {
  const open = findings.filter(({ suppressedBy }) => suppressedBy === null)
  if (open.length === 0) return []
  const counts = countSeverities(open)
  const found = severities
    .toReversed()
    .flatMap(severity => (counts[severity] === 0 ? [] : `${counts[severity]} ${severity}`))
  const shown = open.filter(({ severity }) => compareSeverity(severity, failOn ?? usuallyShown) >= 0)
  return [
    ...wrap(`${palette.bold('Audit:')} ${found.join(', ')}. fluxloop-keys audit tells more.`, width),
    ...shown.slice(0, mostShown).flatMap(finding => wrap(line(finding, palette), width, '  ', '    ')),
    ...(shown.length > mostShown ? wrap(`and ${shown.length - mostShown} more like these`, width, '  ') : []),
  ]
}
