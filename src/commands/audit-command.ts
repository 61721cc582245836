import { auditState, findingsAtOrAbove } from '../audit/audit-state.ts'
import { inventory } from '../audit/take-inventory.ts'
import { sinceBaseline } from '../audit/baseline.ts'
import type { ConnectionOptions } from '../runtime/connection.ts'
import type { Context } from '../context.ts'
import type { AuditReport } from '../model/audit.ts'
import type { DesiredState } from '../model/desired.ts'
import { Failure, exitCodes } from '../model/failure.ts'
import { type Targets, isEveryKey, strayPatterns } from '../model/targets.ts'
import { closest } from '../model/suggest.ts'
import { readBaseline } from './audit/read-baseline.ts'
import { renderAuditAs } from './audit/formats.ts'
import { gatherFacts } from './audit/gather-facts.ts'
import { failOnOf, maximumRequestsOf, windowOf } from './audit/options.ts'
import { formatOf } from './audit/formats.ts'
import { requireConfiguration } from './configuration.ts'

export interface AuditOptions extends ConnectionOptions {
  readonly config: readonly string[]
  readonly json: boolean
  /** Null: text, or JSON with `json`. */
  readonly format: string | null
  readonly offline: boolean
  readonly failOn: string | null
  readonly window: string | null
  readonly maxRequests: number | null
  readonly parallelism: number
  /** A report from before; null: none. */
  readonly baseline: string | null
  readonly test: boolean
  readonly fix: boolean
  readonly write: boolean
  readonly patch: string | null
  readonly only: readonly string[]
  readonly except: readonly string[]
  readonly verbose: boolean
}

function requireTargets(targets: Targets, { keys }: DesiredState): Targets {
  const ids = keys.map(({ keyId }) => keyId)
  const [stray] = isEveryKey(targets) ? [] : strayPatterns(targets, ids)
  if (stray === undefined) return targets
  const near = closest(stray, ids)
  throw new Failure('not-found', `No declared key is called ${stray}, or fits it`, {
    hints: near === null ? [] : [`Did you mean ${near}?`],
  })
}

/** Holds the configuration, live keys and their usage against the rules. 6 where a finding is bad enough. */
export async function runAudit(options: AuditOptions, context: Context): Promise<number> {
  const { offline, parallelism, only, except, test } = options
  const format = formatOf(options)
  const windowDays = windowOf(options.window)
  const maximumRequests = maximumRequestsOf(options.maxRequests)
  if (!options.fix && (options.write || options.patch !== null))
    throw new Failure('usage', '--write and --patch belong to --fix')
  if (options.fix && (test || format !== 'text'))
    throw new Failure('usage', '--fix shows a diff: it goes with no other format, and not with --test')
  if (parallelism < 1) throw new Failure('usage', '--parallelism takes 1 or more')
  const desired = await requireConfiguration(options.config, offline || test ? context.now() : null, context)
  const failOn = failOnOf(options.failOn, desired.policy.audit)
  if (test) {
    const { runOwnRuleTests } = await import('./audit/own-rule-tests.ts')
    return runOwnRuleTests(desired, format === 'json', context)
  }
  const targets = requireTargets({ only, except }, desired)
  const baseline =
    options.baseline === null ? null : await readBaseline(options.baseline, desired.stack, context.cwd)
  const facts = await gatherFacts(
    desired,
    { offline, windowDays, maximumRequests, parallelism, targets },
    options,
    context,
  )
  const whole = auditState(facts)
  const report: AuditReport = baseline === null ? whole : sinceBaseline(whole, baseline)
  if (options.fix) {
    const { runFix } = await import('./audit/run-fix.ts')
    return await runFix(report, facts, options, context)
  }
  const home = desired.keys[0]?.position.file ?? null
  renderAuditAs(format, report, { failOn, home, keys: () => inventory(facts) }, context)
  return findingsAtOrAbove(report, failOn).length === 0 ? 0 : exitCodes.refused
}
