import type { BuiltInRule, Severity } from './audit-rule.ts'
import type { Position } from './position.ts'
import type { Instant, Milliseconds } from './duration.ts'
import type { Environment } from './environment.ts'
import type { Permission } from './permission.ts'

/** A finding that a key's declaration answers for, until a day. */
export interface AuditException {
  /** A built-in rule, or one of the policy's own. */
  readonly rule: string
  /** Null: whatever permission the finding is about. */
  readonly permission: string | null
  /** Null: whatever project. */
  readonly project: string | null
  readonly reason: string
  readonly owner: string | null
  /** The end of its last day, UTC. */
  readonly until: Instant
  readonly position: Position
}

/** What keys of one environment may be; null: no limit. */
export interface EnvironmentLimits {
  readonly maxLifetime: Milliseconds | null
  readonly allow: readonly Permission[] | null
  readonly deny: readonly Permission[]
}

/** A rule that the policy brings: an expression in CEL, and cases that show what it means. */
export interface OwnRule {
  readonly id: string
  readonly severity: Severity
  readonly when: string
  /** What a finding of it says. */
  readonly message: string
  readonly remedy: string | null
  readonly tests: readonly OwnRuleTest[]
  /** Of the expression. */
  readonly position: Position
}

/** By the names that expressions use; what is absent is that of an ordinary key. */
export interface RuleTestFacts {
  readonly desired: Readonly<Record<string, unknown>>
  readonly key: Readonly<Record<string, unknown>>
  readonly usage: Readonly<Record<string, unknown>>
  /** A day: `2026-01-01`; null: that. */
  readonly now: string | null
}

/** Facts for the expression, as the policy writes them, and what has to come of them. */
export interface OwnRuleTest {
  readonly name: string
  readonly facts: RuleTestFacts
  readonly finds: boolean
  readonly position: Position
}

export interface AuditPolicy {
  /** What differs from the rules' own severities; `off`: nobody looks. */
  readonly severities: Readonly<Partial<Record<BuiltInRule, Severity | 'off'>>>
  /** `apply` refuses, and `audit` fails, at this severity or above. Null: nobody said. */
  readonly failOn: Severity | null
  readonly environments: Readonly<Partial<Record<Environment, EnvironmentLimits>>>
  /** Sorted by id. */
  readonly rules: readonly OwnRule[]
}

export const emptyAuditPolicy: AuditPolicy = {
  severities: {},
  failOn: null,
  environments: {},
  rules: [],
}
