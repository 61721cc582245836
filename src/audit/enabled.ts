import type { Unseen } from '../model/audit.ts'
import type { AuditPolicy } from '../model/audit-policy.ts'
import {
  type BuiltInRule,
  type RuleNeeds,
  type Severity,
  auditRules,
  builtInRules,
} from '../model/audit-rule.ts'
import type { AuditFacts } from './audit-facts.ts'

/** As the policy has it; null: nobody looks. */
export function severityOf(rule: BuiltInRule, { severities }: AuditPolicy): Severity | null {
  const said = severities[rule] ?? auditRules[rule].severity
  return said === 'off' ? null : said
}

export function enabledRules(policy: AuditPolicy): readonly BuiltInRule[] {
  return builtInRules.filter(rule => severityOf(rule, policy) !== null)
}

/** Why facts of that kind are not there at all; null where they are. */
export function lacking(
  needs: RuleNeeds,
  { live, usage }: Pick<AuditFacts, 'live' | 'usage'>,
): Unseen | null {
  if (needs === 'declaration') return null
  if (live === null) return 'offline'
  return needs === 'usage' && usage === null ? 'not-needed' : null
}
