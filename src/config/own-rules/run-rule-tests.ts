import type { OwnRule, OwnRuleTest } from '../../model/audit-policy.ts'
import { readFacts } from './cases.ts'
import { compileOwnRule } from './compile.ts'

/** What came of one test case of one rule. */
export interface RuleTestResult {
  readonly rule: string
  readonly test: OwnRuleTest
  readonly passed: boolean
  /** Why it did not pass; null where it did. */
  readonly why: string | null
}

function runTest(rule: OwnRule, test: OwnRuleTest): RuleTestResult {
  const result = (why: string | null) => ({ rule: rule.id, test, passed: why === null, why })
  const compiled = compileOwnRule(rule)
  if (!compiled.ok) return result(compiled.problem.message)
  const answer = compiled.run(readFacts(test.facts).facts)
  if ('error' in answer) return result(answer.error)
  if (answer.finds === test.finds) return result(null)
  return result(test.finds ? 'it finds nothing, and should' : 'it finds something, and should not')
}

/** Runs the test cases that stand next to the policy's own rules, in their order. */
export function runRuleTests(rules: readonly OwnRule[]): readonly RuleTestResult[] {
  return rules.flatMap(rule => rule.tests.map(test => runTest(rule, test)))
}
