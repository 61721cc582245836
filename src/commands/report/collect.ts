import { type GatherPlatform, gather } from '../../apply/gather.ts'
import { auditState } from '../../audit/audit-state.ts'
import { inventory } from '../../audit/take-inventory.ts'
import type { Context } from '../../context.ts'
import type { DesiredState } from '../../model/desired.ts'
import { type Instant, day } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import type { ChangeLine } from '../../model/log.ts'
import { computeCalendar } from '../../plan/compute-calendar.ts'
import { computePlan } from '../../plan/compute-plan.ts'
import { originOf } from '../../platform/endpoint.ts'
import type { PlatformClient } from '../../platform/types.ts'
import { auditToJson } from '../../render/audit/audit-json.ts'
import { inventoryToJson } from '../../render/audit/inventory-json.ts'
import { timelineDays } from '../../render/page/page-data.ts'
import type { PageSource } from '../../render/page/page-stack.ts'
import { calendarToJson } from '../../render/plan/key-calendar.ts'
import { planToJson } from '../../render/plan/plan-json.ts'
import { compiledRules, factsWithUsage, seenKeys } from '../audit/gather-facts.ts'
import { auditedPlan } from '../audited-plan.ts'
import { nothingAsked, planOptions, withKeychain } from '../plan-options.ts'
import { findHistoryForPage } from '../run-history.ts'

export interface Collecting {
  readonly config: readonly string[]
  readonly windowDays: number
  readonly maximumRequests: number
  readonly parallelism: number
}

/** What a page needs of the platform. */
export type PagePlatform = GatherPlatform & Pick<PlatformClient, 'usage' | 'requests'>

/** What runs did to keys of this stack within the window; null: nobody keeps a history, or there is none yet. */
async function historyOf(
  { stack }: DesiredState,
  since: Instant,
  context: Context,
): Promise<readonly ChangeLine[] | null> {
  const history = await findHistoryForPage(context)
  if (history === null) return null
  try {
    const { lines } = await history.read(since)
    return lines.flatMap(line =>
      line.event === 'change' && line.stack === stack && Date.parse(line.at) >= since ? [line] : [],
    )
  } catch (cause) {
    if (cause instanceof Failure && cause.code === 'not-found') return null
    throw cause
  }
}

/** One listing, with what plan, audit and calendar make of it. Writes nothing and runs no program. */
export async function collect(
  desired: DesiredState,
  { config, windowDays, maximumRequests, parallelism }: Collecting,
  { client, url }: { readonly client: PagePlatform; readonly url: string },
  context: Context,
): Promise<PageSource> {
  const gathered = await gather(desired, client)
  const { current, now } = gathered
  const platform = originOf(url)
  const planning = await planOptions({ ...nothingAsked, config, platform }, desired, gathered, context)
  const made = await withKeychain(computePlan(desired, current, now, planning), context)
  const { plan, audit } = await auditedPlan(made, desired, gathered)
  const calendar = computeCalendar(desired, current, now, now + timelineDays * day, planning)
  const facts = await factsWithUsage(
    {
      ...{ desired, now, windowDays },
      live: seenKeys(current, url),
      ownRules: await compiledRules(desired),
      targets: { only: [], except: [] },
    },
    { windowDays, maximumRequests, parallelism },
    client,
    context,
  )
  const entries = inventory(facts)
  return {
    audit: { ...auditToJson(auditState(facts)), inventory: inventoryToJson(entries) },
    plan: planToJson(plan, audit),
    calendar: calendarToJson(calendar),
    history: await historyOf(desired, now - windowDays * day, context),
  }
}
