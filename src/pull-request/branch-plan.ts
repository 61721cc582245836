import { join } from 'node:path'
import { exitCodeOfPlan } from '../commands/exit-code.ts'
import type { Context } from '../context.ts'
import type { DesiredState } from '../model/desired.ts'
import { widenedFields } from '../model/widening.ts'
import { impersonal } from '../plan/impersonal.ts'
import { planToMarkdown } from '../render/plan/plan-markdown.ts'
import { renderPlan } from '../render/plan/plan-text.ts'
import { type Place, marksOfPlan } from './marks.ts'
import { planForReview } from './review-plan.ts'
import { type Asked, type StepOutcome, nothingDone } from './step.ts'
import { writePlanFor } from './write-plan.ts'

/** Plans what a branch declares, for whoever approves it elsewhere: in an environment with reviewers, say. */
export async function planBranch(
  desired: DesiredState,
  asked: Asked,
  place: Place,
  context: Context,
): Promise<StepOutcome> {
  const where = { config: asked.config, cwd: context.cwd }
  const review = await planForReview({ declared: desired, desired }, where, context)
  const plan = asked.showPersonal ? review.plan : impersonal(review.plan)
  const { audit } = review
  context.stdout.print(renderPlan(plan, { ...context.stdout, audit }))
  const file = asked.planFile ?? join(asked.folder, `fluxloop-keys-plan-${desired.stack}.json`)
  return {
    ...nothingDone,
    exitCode: exitCodeOfPlan(plan, plan.changes.length > 0),
    changes: plan.changes.length,
    widens: plan.changes.some(change => widenedFields(change).length > 0),
    ...(await writePlanFor(review, desired, { file, cwd: context.cwd })),
    page: planToMarkdown(plan, { audit, limit: asked.pageLimit }),
    marks: marksOfPlan(plan, desired, place),
  }
}
