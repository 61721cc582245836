import { auditRules } from '../model/audit-rule.ts'
import { day } from '../model/duration.ts'
import { auditedKeys, liveKeysOf } from './audited-key.ts'
import { enabledRules } from './enabled.ts'
import type { AuditFacts } from './audit-facts.ts'

/** The live keys whose usage a rule that is on can do something with: none that is younger than the window. Sorted by id. */
export function usageNeeded(
  facts: Pick<AuditFacts, 'desired' | 'live' | 'now' | 'windowDays' | 'ownRules' | 'targets'>,
): readonly string[] {
  const { desired, now, windowDays, ownRules } = facts
  const needed =
    enabledRules(desired.policy.audit).some(rule => auditRules[rule].needs === 'usage') ||
    ownRules.some(({ needs }) => needs === 'usage')
  if (!needed) return []
  return auditedKeys(facts)
    .flatMap(key => {
      if (key.kind !== 'declared') return []
      const keys = liveKeysOf(key)
      const isOld = keys.some(({ createdAt }) => now - createdAt >= windowDays * day)
      return isOld ? keys.map(({ id }) => id) : []
    })
    .sort()
}
