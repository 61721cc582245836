import { runRuleTests } from '../../config/own-rules/run-rule-tests.ts'
import type { Context } from '../../context.ts'
import type { DesiredState } from '../../model/desired.ts'
import { exitCodes } from '../../model/failure.ts'
import { jsonText } from '../../render/text/json.ts'
import { renderRuleTests, ruleTestsToJson } from '../../render/audit/rule-tests.ts'

/** Runs the test cases of the policy's own rules. 1 where one does not pass. */
export function runOwnRuleTests({ policy }: DesiredState, json: boolean, { stdout }: Context): number {
  const results = runRuleTests(policy.audit.rules).map(({ rule, test, passed, why }) => ({
    rule,
    name: test.name,
    position: test.position,
    passed,
    why,
  }))
  const untested = policy.audit.rules.filter(({ tests }) => tests.length === 0).map(({ id }) => id)
  stdout.print(
    json ? jsonText(ruleTestsToJson(results, untested)) : renderRuleTests(results, untested, stdout),
  )
  return results.every(({ passed }) => passed) ? 0 : exitCodes.failed
}
