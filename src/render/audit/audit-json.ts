import type { AuditFinding, AuditReport, Evidence, Unseen } from '../../model/audit.ts'
import { type Severity, severities } from '../../model/audit-rule.ts'
import { redactSecrets } from '../text/escape.ts'
import { isoTime } from '../text/time.ts'
import type { InventoryEntry } from '../../model/inventory.ts'
import { type InventoryJson, inventoryToJson } from './inventory-json.ts'

export interface AuditFindingJson {
  readonly rule: string
  readonly severity: Severity
  readonly key: string | null
  readonly id: string | null
  readonly name: string
  readonly generation: number | null
  readonly permission: string | null
  readonly project: string | null
  readonly message: string
  readonly evidence: Readonly<Record<string, unknown>>
  readonly remedy: string
  readonly position: AuditFinding['position']
  readonly fingerprint: string
  readonly suppressed_by: {
    readonly rule: string
    readonly permission: string | null
    readonly project: string | null
    readonly reason: string
    readonly owner: string | null
    readonly until: string
  } | null
}

/** What `audit --json` prints; described in `schemas/audit.schema.json`. No secret is in it. */
export interface AuditJson {
  readonly format_version: '1.0'
  /** The API's origin; null offline. */
  readonly platform: string | null
  readonly account: string | null
  readonly stack: string
  readonly at: string
  readonly mode: 'offline' | 'declarations_and_keys' | 'full'
  readonly window_days: number
  readonly requests: number
  readonly keys: { readonly total: number; readonly clean: number }
  /** Unsuppressed ones. */
  readonly counts: Readonly<Record<Severity, number>>
  readonly suppressed: number
  /** Findings that the baseline has too, and that are left out here; null without one. */
  readonly known: number | null
  readonly findings: readonly AuditFindingJson[]
  readonly not_looked_at: readonly {
    readonly why: string
    readonly rules: readonly string[]
    readonly ids: readonly string[]
  }[]
  /** The keys themselves, as `report --from` needs them; absent where a format has no use for them. */
  readonly inventory?: readonly InventoryJson[]
}

export function countSeverities(findings: readonly AuditFinding[]): Readonly<Record<Severity, number>> {
  const counts = Object.fromEntries(severities.map(severity => [severity, 0])) as Record<Severity, number>
  for (const { severity, suppressedBy } of findings) if (suppressedBy === null) counts[severity] += 1
  return counts
}

const redacted = (value: string | null) => (value === null ? null : redactSecrets(value))

function withoutSecrets(value: Evidence['value']): Evidence['value'] {
  if (typeof value === 'string') return redactSecrets(value)
  return Array.isArray(value) ? value.map((text: string) => redactSecrets(text)) : value
}

export function auditFindingToJson(finding: AuditFinding): AuditFindingJson {
  const { rule, severity, subject, permission, project, message, evidence, remedy, position } = finding
  const { fingerprint, suppressedBy } = finding
  return {
    rule,
    severity,
    key: subject.keyId,
    id: redacted(subject.liveId),
    name: redactSecrets(subject.name),
    generation: subject.generation,
    permission,
    project: redacted(project),
    message: redactSecrets(message),
    evidence: Object.fromEntries(evidence.map(({ name, value }) => [name, withoutSecrets(value)])),
    remedy: redactSecrets(remedy),
    position: position === null ? null : { ...position, file: redactSecrets(position.file) },
    fingerprint,
    suppressed_by:
      suppressedBy === null
        ? null
        : {
            rule: suppressedBy.rule,
            permission: suppressedBy.permission,
            project: redacted(suppressedBy.project),
            reason: redactSecrets(suppressedBy.reason),
            owner: redacted(suppressedBy.owner),
            until: isoTime(suppressedBy.until),
          },
  }
}

const snake = (text: string) => text.replaceAll('-', '_')

export function unseenCode(why: Unseen): string {
  return snake(why)
}

export function auditToJson(
  report: AuditReport,
  inventory: readonly InventoryEntry[] | null = null,
): AuditJson {
  const { platform, account, stack, now, mode, windowDays, requests, keys, findings } = report
  const { notLookedAt, known } = report
  return {
    format_version: '1.0',
    platform,
    account: redacted(account),
    stack,
    at: isoTime(now),
    mode: snake(mode) as AuditJson['mode'],
    window_days: windowDays,
    requests,
    keys,
    counts: countSeverities(findings),
    suppressed: findings.filter(({ suppressedBy }) => suppressedBy !== null).length,
    known,
    findings: findings.map(auditFindingToJson),
    not_looked_at: notLookedAt.map(({ why, rules, liveIds }) => ({
      why: unseenCode(why),
      rules,
      ids: liveIds.map(redactSecrets),
    })),
    ...(inventory === null ? {} : { inventory: inventoryToJson(inventory) }),
  }
}
