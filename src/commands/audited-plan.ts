import type { Gathered } from '../apply/gather.ts'
import type { Plan } from '../model/change.ts'
import type { DesiredState } from '../model/desired.ts'
import type { PlanAudit } from '../model/plan-audit.ts'

/** A plan, with what audit says of it; null where nobody asked. */
export interface AuditedPlan {
  readonly plan: Plan
  readonly audit: PlanAudit | null
}

/** Of a first use: rules that need no usage ask for a window anyway. */
const windowDays = 30

/**
 * Holds what the plan is about against the rules, with what was gathered for it and without a further request. Where the policy
 * fails, the plan is refused. Throws a `Failure` where an own rule cannot be worked out.
 */
export async function auditedPlan(
  plan: Plan,
  desired: DesiredState,
  { current: { keys, caller, complete } }: Gathered,
): Promise<AuditedPlan> {
  const { rules } = desired.policy.audit
  const [{ auditPlan }, ownRules] = await Promise.all([
    import('../audit/audit-plan.ts'),
    rules.length === 0
      ? []
      : import('../config/own-rules/compile.ts').then(({ compileOwnRules }) => compileOwnRules(rules)),
  ])
  const live = { platform: plan.platform, keys, caller, complete }
  const { now, targets } = plan
  const audit = auditPlan({ desired, live, now, windowDays, ownRules, targets, requests: 0 }, plan)
  const { failOn, refusing } = audit
  if (failOn === null || refusing.length === 0) return { plan, audit }
  const found = refusing.map(({ subject, rule }) => ({ keyId: subject.keyId ?? '', rule }))
  const refusal = { severity: 'refusal', code: 'policy-failed', failOn, found } as const
  return { plan: { ...plan, findings: [...plan.findings, refusal] }, audit }
}
