import type { Context } from '../context.ts'
import { type Plan, isHeldInPart, isRefused } from '../model/change.ts'
import { Failure } from '../model/failure.ts'
import type { Report } from '../model/outcome.ts'
import { planToJson } from '../render/plan/plan-json.ts'
import { renderPlan } from '../render/plan/plan-text.ts'
import { plannedEvent, progressEvent, summaryEvent, waitEvent } from '../render/report/event-json.ts'
import { type ApplyCommand, type EventJson, eventText, versionEvent } from '../render/report/event-line.ts'
import { advanceProgress, beginProgress } from '../render/report/progress-text.ts'
import { appliedToJson } from '../render/report/report-json.ts'
import { renderReport } from '../render/report/report-text.ts'
import { jsonText } from '../render/text/json.ts'
import { escapeControls } from '../render/text/escape.ts'
import { type ShownProgress, showProgress } from './show-progress.ts'
import type { Reconciliation } from './reconcile.ts'

/** What an apply shows on standard output: one implementation for each form. */
export interface ApplyView {
  begins(): void
  planned(reconciliation: Reconciliation): void
  progress(plan: Plan): ShownProgress
  ended(report: Report, reconciliation: Reconciliation, exitCode: number): void
}

export interface ApplyViewOptions {
  readonly json: boolean
  readonly jsonLines: boolean
  readonly full: boolean
  readonly planFile: string | null
}

/** Throws a usage `Failure` where two forms were asked for. */
export function applyView(command: ApplyCommand, options: ApplyViewOptions, context: Context): ApplyView {
  if (options.json && options.jsonLines)
    throw new Failure('usage', '--json prints one document and --json-lines events: give one of them')
  if (options.jsonLines) return eventView(command, context)
  return options.json ? documentView(context) : textView(options, context)
}

function isIdle(plan: Plan): boolean {
  return isRefused(plan) || plan.changes.length === 0
}

function textView({ planFile, full }: ApplyViewOptions, context: Context): ApplyView {
  const { stdout } = context
  const shown = ({ plan, audit }: Reconciliation) => {
    const isEmpty = plan.changes.length + plan.retiring.length + plan.deferred.length === 0
    if (planFile !== null && isEmpty && !isRefused(plan) && !isHeldInPart(plan))
      return `The plan in ${escapeControls(planFile)} has no changes: there is nothing to apply.`
    return `${renderPlan(plan, { ...stdout, full, audit })}\n${isIdle(plan) ? '' : '\n'}`
  }
  return {
    begins: () => undefined,
    planned: reconciliation => stdout.print(shown(reconciliation)),
    progress: plan => showProgress(plan, { json: false }, context),
    ended: (report, { plan }) => {
      if (!isIdle(plan))
        stdout.print(renderReport(report, plan, { ...stdout, isHeldInPart: isHeldInPart(plan) }))
    },
  }
}

function documentView(context: Context): ApplyView {
  return {
    begins: () => undefined,
    planned: () => undefined,
    progress: plan => showProgress(plan, { json: true }, context),
    ended: (report, { plan, audit }) => context.stdout.print(jsonText(appliedToJson(plan, audit, report))),
  }
}

function eventView(command: ApplyCommand, context: Context): ApplyView {
  const { stdout, version, now } = context
  const print = (event: EventJson) => stdout.print(eventText(event))
  return {
    begins: () => print(versionEvent(version, command, now())),
    planned: ({ plan, audit }) => print(plannedEvent(planToJson(plan, audit), now())),
    progress: plan => {
      const onScreen = showProgress(plan, { json: true }, context)
      const begun = new Set<object>()
      let state = beginProgress(plan.changes.length)
      return {
        tell: progress => {
          state = advanceProgress(state, progress)
          const isFirst = progress.event === 'started' && !begun.has(progress.change)
          if (isFirst) begun.add(progress.change)
          print(progressEvent(progress, isFirst, state, now()))
          onScreen.tell(progress)
        },
        waits: wait => {
          if (wait !== null) print(waitEvent(wait, state, now()))
          onScreen.waits(wait)
        },
        end: () => onScreen.end(),
      }
    },
    ended: (report, _reconciliation, exitCode) => print(summaryEvent(report, exitCode, now())),
  }
}
