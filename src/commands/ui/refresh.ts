import type { Context } from '../../context.ts'
import { type Milliseconds, minute, second } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import { RequestBudget } from './request-budget.ts'
import type { Runs } from './watch-runs.ts'

/** How often a page is brought up to date where nothing runs. */
const usualPause: Milliseconds = minute
/** How often the locks of runs are looked at, which costs no request. */
const lookPause: Milliseconds = second / 2

/** What one refresh came to. */
export interface Refreshed {
  readonly requests: number
  /** Of them, those for the use of keys, which is remembered for a day. */
  readonly usage: number
}

/** Waits for `pause`, or less where a run of this machine ended meanwhile. */
async function waitForChange(pause: Milliseconds, runs: Runs, context: Context): Promise<void> {
  const until = context.now() + pause
  while (context.now() < until && !context.stopping.aborted) {
    await context.pause(Math.min(lookPause, Math.max(1, until - context.now())))
    if (await runs.ended()) return
  }
}

/**
 * Refreshes each minute and after each run, as far as the budget goes, until the command is stopped. `refresh` gets how many
 * requests it may make for use figures.
 */
export async function keepFresh(
  refresh: (maximumRequests: number) => Promise<Refreshed>,
  runs: Runs,
  first: Refreshed,
  context: Context,
): Promise<void> {
  const budget = new RequestBudget()
  let last = first
  budget.note(context.now(), last.requests)
  const { stopping } = context
  const isStopped = () => stopping.aborted
  while (!isStopped()) {
    const needed = Math.max(2, last.requests - last.usage)
    await waitForChange(budget.pause(context.now(), needed, usualPause), runs, context)
    if (isStopped()) return
    // What the listing takes is no longer there for the use of keys.
    last = await refresh(Math.max(0, budget.left(context.now()) - needed))
    budget.note(context.now(), last.requests)
  }
}

/** Where a port is taken, and what helps. */
export function cannotListen(port: number, cause: unknown): Failure {
  return new Failure('failed', `Cannot listen on port ${port} of 127.0.0.1`, {
    hints: ['Another program may use it. `--port 0` picks a free one.'],
    cause,
  })
}
