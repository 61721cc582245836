import type { Plan } from '../../model/change.ts'
import type { Instant } from '../../model/duration.ts'
import type { ChangeLine, LogLine, LoggedCaller, RunLine } from '../../model/log.ts'
import type { Outcome } from '../../model/outcome.ts'
import { countChanges } from '../plan/plan-summary.ts'
import { reasonsOf } from '../plan/reasons.ts'
import { safeJson } from '../text/json.ts'
import { redactSecrets } from '../text/escape.ts'
import { breakable } from '../text/layout.ts'
import { isoTime } from '../text/time.ts'

/** What all lines of one run have in common. */
export interface LogFacts {
  readonly run: string
  readonly by: LoggedCaller
}

export function runLine({ stack, changes }: Plan, at: Instant, { run, by }: LogFacts): RunLine {
  const plan = countChanges(changes)
  return { format_version: '1.0', event: 'run', run, at: isoTime(at), stack, by, plan }
}

export function changeLine(plan: Plan, outcome: Outcome, at: Instant, { run, by }: LogFacts): ChangeLine {
  const { change } = outcome
  const live = 'live' in change ? change.live.id : null
  return {
    format_version: '1.0',
    event: 'change',
    run,
    at: isoTime(at),
    stack: plan.stack,
    by,
    key: change.keyId,
    id: outcome.status === 'done' ? outcome.liveId : live,
    action: change.kind,
    reasons: reasonsOf(change, plan.now).map(({ code, text }) => ({
      code,
      message: redactSecrets(breakable(text)),
    })),
    outcome: outcomeOf(outcome),
  }
}

function outcomeOf(outcome: Outcome): ChangeLine['outcome'] {
  switch (outcome.status) {
    case 'done':
      return {
        status: 'done',
        done: outcome.action,
        places: outcome.places,
        ...(outcome.removed.length === 0 ? {} : { removed: outcome.removed }),
      }
    case 'failed':
      return { status: 'failed', code: outcome.code, message: redactSecrets(outcome.message) }
    case 'skipped':
      return { status: 'not_started', why: outcome.why }
    case 'held':
      return { status: 'held' }
  }
}

/** One line of JSON without its line feed, safe where the file is shown as it is. */
export function logText(line: LogLine): string {
  return safeJson(JSON.stringify(line))
}
