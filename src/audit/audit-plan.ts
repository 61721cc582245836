import { auditRules, isBuiltInRule } from '../model/audit-rule.ts'
import type { AuditFinding } from '../model/audit.ts'
import type { Change, Plan } from '../model/change.ts'
import type { PlanAudit } from '../model/plan-audit.ts'
import { auditState, findingsAtOrAbove } from './audit-state.ts'
import type { AuditFacts } from './audit-facts.ts'

/** The kinds of changes after which a finding of the rule is no more. */
const mending: ReadonlyMap<string, readonly Change['kind'][]> = new Map([
  ['past-max-age', ['rotate', 'heal', 'deliver']],
  ['rotation-overdue', ['rotate', 'heal', 'deliver']],
  ['expiring-soon', ['rotate', 'heal', 'deliver', 'update']],
  ['end-not-as-declared', ['rotate', 'heal', 'deliver', 'update']],
  ['undelivered-secret', ['heal', 'rotate']],
  ['stale-secret', ['deliver', 'rotate']],
  ['unmanaged-key', ['revoke']],
  ['unused-key', ['revoke']],
  ['never-used-key', ['revoke']],
])

/** A revocation is about one live key, and may leave others of its key id; an update mends only what it touches. */
function mendedBy({ changes }: Plan): (finding: AuditFinding) => boolean {
  const done = new Set(
    changes.flatMap(change => {
      if (change.kind === 'revoke') return [`revoke ${change.live.id}`]
      if (change.kind === 'update' && change.fields.every(({ field }) => field !== 'expires')) return []
      return [`${change.kind} ${change.keyId}`]
    }),
  )
  return ({ rule, subject: { keyId, liveId } }) =>
    (mending.get(rule) ?? []).some(kind => done.has(`${kind} ${kind === 'revoke' ? liveId : keyId}`))
}

/** Somebody knows a secret: whatever else is wrong, that comes first. */
function stopsLeak({ changes }: Plan): boolean {
  return changes.some(
    change =>
      (change.kind === 'rotate' && change.reasons.some(({ code }) => code === 'leaked')) ||
      (change.kind === 'revoke' && change.reason.code === 'leaked'),
  )
}

/**
 * Holds what a plan is about against the rules that need no usage. Pure. It is refused for what the declarations alone say: what is wrong with
 * live keys is there before an apply, which often mends it.
 */
export function auditPlan(facts: Omit<AuditFacts, 'usage'>, plan: Plan): PlanAudit {
  const { failOn } = facts.desired.policy.audit
  const report = auditState({ ...facts, usage: null })
  const isMended = mendedBy(plan)
  const ofDeclarations = new Set(
    facts.ownRules.filter(({ needs }) => needs === 'declaration').map(({ rule }) => rule.id),
  )
  const rests = ({ rule }: AuditFinding) =>
    isBuiltInRule(rule) ? auditRules[rule].needs === 'declaration' : ofDeclarations.has(rule)
  return {
    findings: report.findings.filter(finding => !isMended(finding)),
    failOn,
    refusing: failOn === null || stopsLeak(plan) ? [] : findingsAtOrAbove(report, failOn).filter(rests),
  }
}
