import type { Context } from '../context.ts'
import type { Plan } from '../model/change.ts'
import type { Progress } from '../model/outcome.ts'
import { advanceProgress, beginProgress, progressLine } from '../render/progress.ts'
import { renderOutcome } from '../render/report-text.ts'

const eraseLine = '\r\u001b[2K'

/** Shows each outcome as it happens, and, where standard error is a terminal, one line of progress below. */
export function showProgress(
  plan: Plan,
  { json }: { readonly json: boolean },
  { stdout, stderr }: Context,
): { readonly tell: (progress: Progress) => void; readonly end: () => void } {
  let state = beginProgress(plan.changes.length)
  const draw = stderr.rewritable ? (text: string) => stderr.write(`${eraseLine}${text}`) : () => undefined
  return {
    tell: progress => {
      state = advanceProgress(state, progress)
      if (progress.event === 'finished' && !json) {
        draw('')
        stdout.print(renderOutcome(progress.outcome, stdout))
      }
      draw(progressLine(state, stderr.width))
    },
    end: () => draw(''),
  }
}
