import type { Evidence, Unseen } from '../model/audit.ts'
import type { Severity } from '../model/audit-rule.ts'
import type { Position } from '../model/position.ts'
import type { AuditedKey } from './audited-key.ts'
import type { AuditFacts } from './audit-facts.ts'

/** A finding before the policy has spoken. */
export interface Draft {
  readonly permission?: string
  readonly project?: string
  /** What else tells it from others of the rule on this key. */
  readonly about?: string
  /** Where it is not the key's own. */
  readonly position?: Position
  /** Where it differs from the rule's own. */
  readonly severity?: Severity
  readonly message: string
  readonly evidence: readonly Evidence[]
  readonly remedy: string
}

/** What a rule says of one key, or why it cannot say anything: missing facts prove nothing. */
export type Verdict = readonly Draft[] | { readonly unseen: Unseen }

export const clean: Verdict = []

/** Pure: everything that it goes by is an argument. */
export type Rule = (key: AuditedKey, facts: AuditFacts) => Verdict

export function evidence(values: Readonly<Record<string, Evidence['value']>>): readonly Evidence[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }))
}
