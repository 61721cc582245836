import { join } from 'node:path'
import { gather } from '../apply/gather.ts'
import { runApply } from '../commands/apply-command.ts'
import { judgedFindings, staleKey } from '../commands/open-approved-plan.ts'
import { auditedPlan } from '../commands/audited-plan.ts'
import { heartbeatOf } from '../commands/apply-heartbeat.ts'
import { nothingAsked } from '../commands/plan-options.ts'
import { planLifetime } from '../commands/plan-lifetime.ts'
import { placesHere } from '../commands/places.ts'
import type { Reconciliation } from '../commands/reconcile.ts'
import { serverClock } from '../commands/server-clock.ts'
import type { Lock } from '../commands/lock-stack.ts'
import type { Context } from '../context.ts'
import { ownedKeys } from '../lifecycle/ownership.ts'
import type { Plan } from '../model/change.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Report } from '../model/outcome.ts'
import { touchedKeys } from '../plan/approved.ts'
import { computePlan } from '../plan/compute-plan.ts'
import { originOf } from '../platform/endpoint.ts'
import type { Approvals, Unapproved } from './approvals.ts'
import { approvedChanges, unapprovedPart } from './approved-changes.ts'
import { applyPage } from './apply-page.ts'
import { type ReviewPlan, optionsForReview } from './review-plan.ts'
import { type StepOutcome, nothingDone } from './step.ts'
import { upkeepOf } from './upkeep.ts'
import { writePlanFor } from './write-plan.ts'
import { widenedFields } from '../model/widening.ts'
import type { Asked } from './step.ts'

/** What a run decided, and what came of it. */
interface Carried {
  readonly whole: ReviewPlan
  readonly rest: Plan
  readonly unapproved: readonly Unapproved[]
  readonly plan: Plan
  readonly upkeep: number
  readonly by: readonly string[]
  report: Report | null
}

const connection = { apiUrl: null, staging: false, profile: null, verbose: false }

/** Lists, plans anew, and takes from that plan what was approved, and nothing else. */
async function decide(
  desired: DesiredState,
  { approved, unapproved }: Approvals,
  { config }: Asked,
  context: Context,
  lock: Lock,
): Promise<{ readonly reconciliation: Reconciliation; readonly carried: Carried }> {
  const opened = await context.connect(connection)
  const origin = originOf(opened.url)
  const locked = await lock(opened, desired.stack)
  const clockFrom = serverClock()
  const gathered = await gather(desired, opened.client)
  const clock = clockFrom(gathered.now)
  const { current, now } = gathered
  const host = context.host()
  const forReview = await optionsForReview(desired, gathered, {
    ...{ platform: origin, config, cwd: context.cwd, host },
  })
  const whole = computePlan(desired, current, now, forReview)
  const lifetime = planLifetime(null)
  const found = approvedChanges(approved, { desired, gathered, options: forReview, origin, lifetime })
  const taken = new Set([...touchedKeys(found), ...found.stale])
  const upkeep = upkeepOf(whole, taken)
  const changes = [...found.changes, ...upkeep].toSorted((a, b) =>
    a.keyId < b.keyId ? -1 : a.keyId > b.keyId ? 1 : 0,
  )
  const touched = touchedKeys({ changes })
  const isMeant = ({ keyId }: { readonly keyId: string }) => touched.includes(keyId)
  const chosen: Plan = {
    ...whole,
    changes,
    retiring: whole.retiring.filter(isMeant),
    deferred: whole.deferred.filter(isMeant),
    homes: whole.homes.filter(isMeant),
    unmanaged: [],
    findings: [
      ...judgedFindings(whole, changes, touched).filter(
        finding => !('keyId' in finding) || finding.keyId === null || touched.includes(finding.keyId),
      ),
      ...found.stale.map(staleKey),
    ],
  }
  const targets = { only: touched, except: [] }
  const judged =
    touched.length === 0
      ? { plan: chosen, audit: null }
      : await auditedPlan({ ...chosen, targets }, desired, gathered)
  const plan: Plan = { ...judged.plan, targets: whole.targets }
  const { lineages } = ownedKeys(desired, current.keys, now)
  const places = await placesHere(desired.keys, lineages, forReview.formerStores, host)
  const options = { ...forReview, places, locked, ...(touched.length === 0 ? {} : { targets }) }
  return {
    reconciliation: {
      ...{ desired, gathered, options, plan, audit: judged.audit },
      ...{ connection: opened, clock },
    },
    carried: {
      whole: { plan: whole, audit: null, gathered, options: forReview, origin },
      rest: unapprovedPart(whole, changes),
      unapproved: [...unapproved, ...found.unapproved],
      plan,
      upkeep: upkeep.length,
      by: found.by,
      report: null,
    },
  }
}

/**
 * Applies what the approved plans come to now, all together with what follows from earlier ones by itself, and plans what nobody approved for review. Several approvals of one change
 * do it once: what is done is in no plan any more.
 */
export async function applyMerged(
  desired: DesiredState,
  approvals: Approvals,
  asked: Asked,
  context: Context,
): Promise<StepOutcome> {
  const carried: Carried[] = []
  const exitCode = await runApply(
    {
      ...{ ...nothingAsked, ...connection, config: asked.config, json: false, full: false, allowPath: [] },
      ...{ planFile: null, ttl: null, autoApprove: true, parallelism: 10, log: null },
      ...{ lockTimeout: '10m', withoutFleet: false, allowUnmasked: false, jsonLines: false, jsonInto: null },
      heartbeat: heartbeatOf(null, context),
    },
    context,
    {
      decide: async lock => {
        const decided = await decide(desired, approvals, asked, context, lock)
        carried.push(decided.carried)
        return decided.reconciliation
      },
      done: (_plan, report) => {
        for (const each of carried) each.report = report
      },
    },
  )
  const [only] = carried
  if (only === undefined) return { ...nothingDone, exitCode }
  const { rest, whole, plan, unapproved, upkeep, by, report } = only
  const waiting =
    rest.changes.length === 0
      ? { digest: null, planFile: null }
      : await writePlanFor({ ...whole, plan: rest }, desired, {
          file: asked.planFile ?? join(asked.folder, `fluxloop-keys-plan-${desired.stack}.json`),
          cwd: context.cwd,
        })
  return {
    ...nothingDone,
    exitCode,
    changes: rest.changes.length,
    widens: rest.changes.some(change => widenedFields(change).length > 0),
    ...waiting,
    page: applyPage({ plan, report, rest, unapproved, upkeep, by }, asked.pageLimit),
  }
}
