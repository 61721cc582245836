import type { BudgetWait } from '../../model/budget.ts'
import type { Change } from '../../model/change.ts'
import type { Instant } from '../../model/duration.ts'
import type { Progress, Report } from '../../model/outcome.ts'
import type { PlanJson } from '../plan/plan-json.ts'
import { isoTime } from '../text/time.ts'
import { type About, type EventJson, lineAt } from './event-line.ts'
import type { ProgressState } from './progress-text.ts'
import { outcomeToJson, summaryToJson } from './report-json.ts'

function about(change: Change): About {
  return { action: change.kind, key: change.keyId, id: 'live' in change ? change.live.id : null }
}

export function plannedEvent(plan: PlanJson, at: Instant): EventJson {
  return { ...lineAt(at), event: 'planned', plan }
}

/** `isFirst`: the change had said nothing before; `state`: after this progress. */
export function progressEvent(
  progress: Progress,
  isFirst: boolean,
  { finished, failed, total }: ProgressState,
  at: Instant,
): EventJson {
  if (progress.event === 'finished')
    return { ...lineAt(at), event: 'outcome', outcome: outcomeToJson(progress.outcome) }
  const { change, step } = progress
  if (isFirst) return { ...lineAt(at), event: 'start', ...about(change), step }
  return { ...lineAt(at), event: 'progress', ...about(change), step, until: null, finished, failed, total }
}

/** The run waits until it may make more requests. */
export function waitEvent(
  { until }: BudgetWait,
  { finished, failed, total }: ProgressState,
  at: Instant,
): EventJson {
  const nothing = { action: null, key: null, id: null }
  const step = 'waiting for requests'
  return {
    ...lineAt(at),
    event: 'progress',
    ...nothing,
    step,
    until: isoTime(until),
    finished,
    failed,
    total,
  }
}

/** The last line of a run that could report. `report.complete` is about the plan; the exit code says more. */
export function summaryEvent(report: Report, exitCode: number, at: Instant): EventJson {
  const { complete, interrupted, summary } = summaryToJson(report)
  return {
    ...lineAt(at),
    event: 'summary',
    exit_code: exitCode,
    error: null,
    complete,
    interrupted,
    summary,
  }
}
