import { type Budget, type BudgetWait, platformLimit, timeFor, waitsFor } from '../../model/budget.ts'
import { type Instant, type Milliseconds, day, minute, second } from '../../model/duration.ts'
import { cut, displayWidth } from '../text/layout.ts'
import { dateTime, exactDurationInWords } from '../text/time.ts'

function number(count: number): string {
  return count.toLocaleString('en-US')
}

/** A time to wait, rounded up to what one counts it in. */
function waitInWords(wait: Milliseconds): string {
  const unit = wait < 2 * minute ? second : minute
  return exactDurationInWords(Math.max(second, Math.ceil(wait / unit) * unit))
}

/** `14:30 UTC`, with its day where that is not within a day. */
function clockTime(at: Instant, now: Instant): string {
  const text = dateTime(at)
  return at - now < day ? text.slice('2026-11-22 '.length) : text
}

/** What to say before a plan is applied that needs more requests than there are; null where it needs no waiting. */
export function budgetNotice(
  { least, most }: { readonly least: number; readonly most: number },
  budget: Budget | null,
  now: Instant,
): string | null {
  const needs = `This needs ${least === most ? number(most) : `${number(least)} to ${number(most)}`} requests`
  const ending = 'Ctrl-C ends it cleanly, and the next apply goes on from there.'
  if (budget === null) {
    if (most <= platformLimit.requests) return null
    return `${needs}. The platform allows ${number(platformLimit.requests)} an hour for each key, and did not say how many are left: apply waits when the platform asks it to. ${ending}`
  }
  const waits = waitsFor(most, budget)
  if (waits === 0) return null
  const left = `${number(Math.max(0, budget.remaining))} of ${number(budget.limit)} are left until ${clockTime(budget.resetAt, now)}`
  const times = waits === 1 ? 'once' : `${waits} times`
  return `${needs}, and ${left}. Apply waits for more ${times}, about ${waitInWords(timeFor(most, budget, now))} in all. ${ending}`
}

function timeToGo(left: number, { budget, until }: BudgetWait, now: Instant): Milliseconds {
  const wait = Math.max(0, until - now)
  return budget === null
    ? wait
    : Math.max(wait, timeFor(left, { ...budget, remaining: 0, resetAt: until }, now))
}

/** What to say when a run begins to wait; `left`: how many requests it has still to make. */
export function waitNotice(left: number, wait: BudgetWait, now: Instant): string {
  const { until } = wait
  const toGo = timeToGo(left, wait, now)
  const about = `About ${number(left)} request${left === 1 ? '' : 's'} are to be made`
  const all = toGo > until - now ? `, ${waitInWords(toGo)} in all` : ''
  return `No requests are left: going on in ${waitInWords(until - now)}, at ${clockTime(until, now)}. ${about}${all}. Ctrl-C ends it; the next apply goes on.`
}

/** `Applying 3/10  waiting for requests: 12 minutes (1 hour to go)`, in less than `width` columns. */
export function waitingLine(
  done: { readonly finished: number; readonly total: number },
  left: number,
  wait: BudgetWait,
  now: Instant,
  width: number,
): string {
  const toGo = timeToGo(left, wait, now)
  const here = wait.until - now
  const all = toGo > here ? ` (${waitInWords(toGo)} to go)` : ''
  const [long, short] = ['waiting for requests', 'waiting'].map(
    words => `Applying ${done.finished}/${done.total}  ${words}: ${waitInWords(here)}${all}`,
  ) as [string, string]
  return displayWidth(long) < width ? long : cut(short, width - 1)
}
