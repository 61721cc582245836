import type { Context } from '../context.ts'
import type { BudgetWait } from '../model/budget.ts'
import type { Plan } from '../model/change.ts'
import { second } from '../model/duration.ts'
import type { Progress } from '../model/outcome.ts'
import { requestsOf } from '../plan/requests.ts'
import { waitNotice, waitingLine } from '../render/report/budget-text.ts'
import { advanceProgress, beginProgress, progressLine } from '../render/report/progress-text.ts'
import { renderProgress } from '../render/report/report-text.ts'
import { wrap } from '../render/text/layout.ts'

export interface ShownProgress {
  readonly tell: (progress: Progress) => void
  /** The run waits for requests, or goes on (null). */
  readonly waits: (wait: BudgetWait | null) => void
  readonly end: () => void
}

/**
 * Shows each outcome as it happens, and, where standard error is a terminal, one line of progress below, which counts down
 * where the run has to wait.
 */
export function showProgress(
  plan: Plan,
  { json }: { readonly json: boolean },
  { stdout, stderr, now }: Context,
): ShownProgress {
  let state = beginProgress(plan.changes.length)
  let left = plan.changes.reduce((sum, change) => sum + requestsOf(change).most, 0)
  let waiting: { readonly wait: BudgetWait; readonly timer: NodeJS.Timeout } | null = null
  const draw = stderr.rewritable ? (text: string) => stderr.rewrite(text) : () => undefined
  const redraw = () => {
    const { width } = stderr
    draw(waiting === null ? progressLine(state, width) : waitingLine(state, left, waiting.wait, now(), width))
  }
  const stopWaiting = () => {
    if (waiting !== null) clearInterval(waiting.timer)
    waiting = null
  }
  return {
    tell: progress => {
      state = advanceProgress(state, progress)
      if (progress.event === 'finished') {
        left -= requestsOf(progress.outcome.change).most
        if (!json) {
          const line = renderProgress(progress.outcome, stdout)
          draw('')
          if (line !== null) stdout.print(line)
        }
      }
      redraw()
    },
    waits: wait => {
      stopWaiting()
      if (wait !== null) {
        draw('')
        stderr.print(wrap(waitNotice(left, wait, now()), stderr.width).join('\n'))
        waiting = { wait, timer: setInterval(redraw, second).unref() }
      }
      redraw()
    },
    end: () => {
      stopWaiting()
      draw('')
    },
  }
}
