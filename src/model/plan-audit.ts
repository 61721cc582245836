import type { AuditFinding } from './audit.ts'
import type { Severity } from './audit-rule.ts'

/** What the rules that need no usage say of the keys that a plan is about. */
export interface PlanAudit {
  /** As in a report, without what the plan itself mends. */
  readonly findings: readonly AuditFinding[]
  /** As the policy says; null: nothing is refused. */
  readonly failOn: Severity | null
  /** Those for which the plan is refused. */
  readonly refusing: readonly AuditFinding[]
}
