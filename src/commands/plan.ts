import type { Context } from '../context.ts'
import { exitCodes } from '../model/failure.ts'
import { isRefused } from '../model/change.ts'
import { jsonText } from '../render/json.ts'
import { planToJson } from '../render/plan-json.ts'
import { renderPlan } from '../render/plan-text.ts'
import { type ReconcileOptions, reconcile } from './reconcile.ts'

export interface PlanCommandOptions extends ReconcileOptions {
  readonly detailedExitcode: boolean
}

/** With `--detailed-exitcode`, 2 means that changes are pending, so every error is 1. */
export async function runPlan(options: PlanCommandOptions, context: Context): Promise<number> {
  const { plan } = await reconcile(options, context)
  const { stdout } = context
  stdout.print(options.json ? jsonText(planToJson(plan)) : renderPlan(plan, stdout))
  if (isRefused(plan)) return options.detailedExitcode ? exitCodes.failed : exitCodes.refused
  return options.detailedExitcode && plan.changes.length > 0 ? 2 : 0
}
