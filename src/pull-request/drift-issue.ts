import { gather } from '../apply/gather.ts'
import type { Context } from '../context.ts'
import { type Plan, isHeldInPart, isRefused } from '../model/change.ts'
import type { DesiredState } from '../model/desired.ts'
import { exitCodes } from '../model/failure.ts'
import { widenedFields } from '../model/widening.ts'
import { impersonal } from '../plan/impersonal.ts'
import { computePlan } from '../plan/compute-plan.ts'
import { driftPlan } from '../plan/views.ts'
import { originOf } from '../platform/endpoint.ts'
import { planToMarkdown } from '../render/plan/plan-markdown.ts'
import { renderPlan } from '../render/plan/plan-text.ts'
import { inertText } from '../render/text/markdown.ts'
import { shortHash } from '../model/hash.ts'
import { canonicalChange } from '../plan/canonical.ts'
import type { CodeHost, Issue } from './port.ts'
import { optionsForReview } from './review-plan.ts'
import { type Asked, type StepOutcome, nothingDone } from './step.ts'

/** Issues take as many characters as comments. */
const mostCharacters = 65_536

const marker = (stack: string, shown: string) => `<!-- fluxloop-keys drift ${stack} ${shown} -->`

/** Stacks are names of lower-case letters, digits and dashes. */
function isAbout({ text }: Issue, stack: string): boolean {
  return text.startsWith(`<!-- fluxloop-keys drift ${stack} `)
}

/** A look that saw everything: only that can say that there is no drift. */
function isComplete(plan: Plan, complete: boolean, unreadable: number): boolean {
  return complete && unreadable === 0 && !isRefused(plan) && !isHeldInPart(plan)
}

function hasDrift({ changes, findings }: Plan): boolean {
  return changes.length > 0 || findings.length > 0
}

async function keepIssue(plan: Plan, clean: boolean, host: CodeHost, summary: string): Promise<string> {
  const { stack } = plan
  const [issue, ...others] = (await host.issues.open()).filter(each => isAbout(each, stack))
  if (clean) {
    const closing = `A complete look at ${inertText(new Date(plan.now).toISOString())} found no drift.`
    for (const each of [issue, ...others]) if (each !== undefined) await host.issues.close(each, closing)
    return issue === undefined ? 'No drift.' : 'No drift: the issue was closed.'
  }
  if (!hasDrift(plan)) return 'No drift was seen, but not everything was: an open issue stays open.'
  // Ages change with every look; what drifted does not.
  const shown = shortHash(canonicalChange([plan.changes, plan.findings]), 8)
  const text = `${marker(stack, shown)}\n${summary}`
  if (issue === undefined) {
    await host.issues.write(`Drift of API keys: ${stack}`, text)
    return 'Drift: an issue was opened.'
  }
  if (issue.text.startsWith(marker(stack, shown))) return 'Drift: the issue has it already.'
  await host.issues.edit(issue, text)
  return 'Drift: the issue was refreshed.'
}

/** Looks for what was changed on the platform, and keeps one issue for it, which only a complete look without drift closes. */
export async function keepDriftIssue(
  desired: DesiredState,
  asked: Asked,
  host: CodeHost,
  context: Context,
): Promise<StepOutcome> {
  const connection = await context.connect({ apiUrl: null, staging: false, profile: null, verbose: false })
  const gathered = await gather(desired, connection.client)
  const { current, now } = gathered
  const options = await optionsForReview(desired, gathered, {
    platform: originOf(connection.url),
    ...{ config: asked.config, cwd: context.cwd, host: context.host() },
  })
  const found = driftPlan(desired, current, now, options)
  const plan = asked.showPersonal ? found : impersonal(found)
  context.stdout.print(renderPlan(plan, context.stdout))
  const page = planToMarkdown(plan, { audit: null, limit: mostCharacters - 200 })
  // A look that holds something back, or is refused, did not see everything; drift alone does not say so.
  const whole = computePlan(desired, current, now, options)
  const complete = isComplete(whole, current.complete, current.doubts.unreadable.length)
  const clean = complete && !hasDrift(plan)
  const done = await keepIssue(plan, clean, host, page)
  context.stdout.print(done)
  return {
    ...nothingDone,
    exitCode: complete ? 0 : exitCodes.partial,
    changes: plan.changes.length,
    widens: plan.changes.some(change => widenedFields(change).length > 0),
    page: `${done}\n\n${page}`,
  }
}
