import { planLifetime } from '../commands/plan-lifetime.ts'
import { sha256, writePlanText } from '../commands/plan-store.ts'
import { isRefused } from '../model/change.ts'
import type { DesiredState } from '../model/desired.ts'
import { touchedKeys } from '../plan/approved.ts'
import { configurationHash, toPlanFile } from '../plan/plan-file.ts'
import { reviewBasis, reviewDigest } from '../plan/review.ts'
import { jsonText } from '../render/text/json.ts'
import type { ReviewPlan } from './review-plan.ts'

export interface WrittenPlan {
  /** Of the review; null: the plan is refused, so nobody can approve it. */
  readonly digest: string | null
  readonly planFile: string | null
}

/** Writes a plan for review, with the digest by which it is known again. `declared`: what counts once it is approved. */
export async function writePlanFor(
  { plan, gathered, origin, options }: ReviewPlan,
  declared: DesiredState,
  { file, cwd }: { readonly file: string; readonly cwd: string },
): Promise<WrittenPlan> {
  if (isRefused(plan)) return { digest: null, planFile: null }
  const { account } = gathered.current.caller
  const binding = {
    ...{ origin, account, options },
    configuration: configurationHash(declared, sha256),
    validUntil: plan.now + planLifetime(null),
  }
  await writePlanText(file, jsonText(toPlanFile(plan, declared, binding, sha256)), cwd)
  const basis = reviewBasis(declared, touchedKeys(plan), sha256)
  return { digest: reviewDigest({ ...basis, origin, account, plan }, sha256), planFile: file }
}
