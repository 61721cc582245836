import type { OwnRule } from './audit-policy.ts'
import type { RuleNeeds } from './audit-rule.ts'
import type { DesiredKey } from './desired.ts'
import type { Instant } from './duration.ts'
import type { LiveKey } from './live-key.ts'
import type { ObservedUsage } from './observed-usage.ts'

/** What an own rule's expression is about: one declared key. */
export interface OwnRuleInput {
  readonly desired: DesiredKey
  /** Its head; null offline, and where it has none. */
  readonly key: LiveKey | null
  /** Of all its live keys, in the window; null where it is not known. */
  readonly usage: ObservedUsage | null
  readonly now: Instant
}

/** A policy's own rule, ready to be asked. */
export interface CompiledRule {
  readonly rule: OwnRule
  /** What its expression reads; of usage, which costs a request a key. */
  readonly needs: RuleNeeds
  readonly evaluate: (input: OwnRuleInput) => { readonly finds: boolean } | { readonly error: string }
}
