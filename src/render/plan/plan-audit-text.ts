import type { AuditFinding } from '../../model/audit.ts'
import { type Severity, compareSeverity, severities } from '../../model/audit-rule.ts'
import type { PlanAudit } from '../../model/plan-audit.ts'
import { type AuditFindingJson, auditFindingToJson, countSeverities } from '../audit/audit-json.ts'
import type { Palette } from '../text/palette.ts'
import { escapeControls, redactSecrets } from '../text/escape.ts'
import { unbreakable, wrap } from '../text/layout.ts'
import { enumerateTexts, nameText } from '../text/values.ts'

/** What audit says of a plan, as `plan --json` prints it. */
export interface PlanAuditJson {
  /** The policy's; null: the policy refuses nothing. */
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

/** `12 high (no-expiry 10, unused-key 2)`: how many, and by which rules. */
function countText(findings: readonly AuditFinding[], severity: Severity, count: number): string {
  const rules = new Map<string, number>()
  for (const { rule, severity: its } of findings)
    if (its === severity) rules.set(rule, (rules.get(rule) ?? 0) + 1)
  const named = [...rules]
    .sort(([a, many], [b, few]) => few - many || (a < b ? -1 : 1))
    .map(([rule, times]) => (rules.size === 1 ? safe(rule) : `${safe(rule)} ${times}`))
  return `${count} ${severity} (${enumerateTexts(named)})`
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
    .flatMap(severity => (counts[severity] === 0 ? [] : countText(open, severity, counts[severity])))
  const shown = open.filter(({ severity }) => compareSeverity(severity, failOn ?? usuallyShown) >= 0)
  return [
    ...wrap(
      `${palette.bold('Audit:')} ${found.join(', ')}. For all of them: ${unbreakable('fluxloop-keys audit')}`,
      width,
    ),
    ...shown.slice(0, mostShown).flatMap(finding => wrap(line(finding, palette), width, '  ', '    ')),
    ...(shown.length > mostShown ? wrap(`and ${shown.length - mostShown} more like these`, width, '  ') : []),
  ]
}
