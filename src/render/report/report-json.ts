import type { Change, Plan } from '../../model/change.ts'
import type { FailureCode } from '../../model/failure.ts'
import type { Outcome, RemovalResult, Report } from '../../model/outcome.ts'
import type { PlanAudit } from '../../model/plan-audit.ts'
import type { Subject } from '../../model/subject.ts'
import { type LastUseJson, lastUseToJson } from '../keys/live-key-json.ts'
import { type PlanJson, planToJson } from '../plan/plan-json.ts'
import { countOutcomes } from './report-summary.ts'
import { redactSecrets } from '../text/escape.ts'

/** What a run did, as `apply --json` prints it; the same conventions as `PlanJson`. Described in `schemas/report.schema.json`. */
export interface ReportJson {
  readonly format_version: '1.0'
  /** The API's origin. */
  readonly platform: string
  readonly account: string
  readonly stack: string
  /** Everything in the plan was done, or held because a key came into use. */
  readonly complete: boolean
  readonly interrupted: boolean
  readonly outcomes: readonly OutcomeJson[]
  readonly summary: Readonly<
    Record<
      Extract<Outcome, { readonly status: 'done' }>['action'] | 'done' | 'failed' | 'not_started' | 'held',
      number
    >
  >
}

export type OutcomeJson = { readonly action: Change['kind']; readonly key: string } & (
  | {
      readonly status: 'done'
      /** What was really done: a heal or a delivery may have needed a new generation. */
      readonly done: Extract<Outcome, { readonly status: 'done' }>['action']
      readonly id: string
      /** Where the secret is now; empty where none moved. */
      readonly places: readonly string[]
      /** The stores that its declaration lost, and what became of its secret there. */
      readonly removed: readonly { readonly store: string; readonly result: RemovalResult }[]
    }
  | {
      readonly status: 'failed'
      readonly code: FailureCode
      readonly message: string
      readonly hints: readonly string[]
    }
  | { readonly status: 'not_started'; readonly why: 'interrupted' | 'stopped' | 'earlier-failure' }
  | { readonly status: 'held'; readonly last_use: LastUseJson }
)

export function reportToJson(report: Report, { platform, account, stack }: Subject): ReportJson {
  const { complete, interrupted, summary } = summaryToJson(report)
  const outcomes = report.outcomes.map(outcomeToJson)
  return { format_version: '1.0', platform, account, stack, complete, interrupted, outcomes, summary }
}

/** What a report says of the whole run. */
export function summaryToJson(report: Report): Pick<ReportJson, 'complete' | 'interrupted' | 'summary'> {
  const { actions, done, failed, skipped, held } = countOutcomes(report)
  return {
    complete: failed + skipped === 0,
    interrupted: report.interrupted,
    summary: { ...actions, done, failed, not_started: skipped, held },
  }
}

/** What `apply --json` prints, described in `schemas/applied.schema.json`. */
export interface AppliedJson {
  readonly plan: PlanJson
  readonly report: ReportJson
}

export function appliedToJson(plan: Plan, audit: PlanAudit | null, report: Report): AppliedJson {
  return { plan: planToJson(plan, audit), report: reportToJson(report, plan) }
}

export function outcomeToJson(outcome: Outcome): OutcomeJson {
  const { kind: action, keyId: key } = outcome.change
  switch (outcome.status) {
    case 'done':
      return {
        action,
        key,
        status: 'done',
        done: outcome.action,
        id: outcome.liveId,
        places: outcome.places,
        removed: outcome.removed,
      }
    case 'failed': {
      const { code, message, hints } = outcome
      return {
        action,
        key,
        status: 'failed',
        code,
        message: redactSecrets(message),
        hints: hints.map(redactSecrets),
      }
    }
    case 'skipped':
      return { action, key, status: 'not_started', why: outcome.why }
    case 'held':
      return { action, key, status: 'held', last_use: lastUseToJson(outcome.lastUse) }
  }
}
