import { isPending } from '../../../src/commands/exit-code.ts'
import type { CalendarEntry } from '../../../src/model/calendar.ts'
import { isRefused } from '../../../src/model/change.ts'
import { day, minute } from '../../../src/model/duration.ts'
import { exitCodes } from '../../../src/model/failure.ts'
import { computeCalendar } from '../../../src/plan/compute-calendar.ts'
import { findingText } from '../../../src/render/plan/finding-text.ts'
import type { StackState } from '../database/tables.ts'
import type { StackRun } from './run-stack.ts'

/** How a stack is after a run of it. */
export interface Judgement {
  /** `busy`: another run has it, or the replica shuts down: nothing is known that was not known before. */
  readonly state: Exclude<StackState, 'new'> | 'busy'
  /** What is wrong, in one line; null: nothing. */
  readonly problem: string | null
}

/** What failed first, in words. */
function problemOf({ failure, reconciliation, report, exitCode }: StackRun): string {
  if (failure !== null) return [failure.message, ...failure.hints.slice(0, 1)].join('. ')
  const failed = report?.outcomes.find(({ status }) => status === 'failed')
  if (failed?.status === 'failed') return `${failed.change.keyId}: ${failed.message}`
  const plan = reconciliation?.plan
  const found = plan?.findings.find(({ severity }) => severity !== 'warning')
  if (plan !== undefined && found !== undefined) {
    const { message } = findingText(found, plan.now)
    return isRefused(plan) ? `The plan is refused: ${message}` : message
  }
  return `It ended with exit code ${exitCode}`
}

export function judgeRun(run: StackRun): Judgement {
  const { exitCode, mode, reconciliation } = run
  if (exitCode === exitCodes.conflict || exitCode === exitCodes.interrupted)
    return { state: 'busy', problem: problemOf(run) }
  if (exitCode !== 0) return { state: 'failing', problem: problemOf(run) }
  const plan = reconciliation?.plan ?? null
  const isLeft = plan !== null && (mode === 'plan' ? isPending(plan) : plan.deferred.length > 0)
  return { state: isLeft ? 'drifted' : 'in-sync', problem: null }
}

/** As far ahead as a status looks. */
const farthest = 90 * day

/** What time does to the keys of a stack next; null: nothing in 90 days. */
export function nextEventOf({ reconciliation }: StackRun): CalendarEntry | null {
  if (reconciliation === null) return null
  const { desired, gathered, options } = reconciliation
  const { current, now } = gathered
  const { entries } = computeCalendar(desired, current, now, now + farthest, options)
  return entries.find(({ at }) => at > now + minute) ?? null
}
