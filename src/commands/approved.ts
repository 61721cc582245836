import { gather } from '../apply/gather.ts'
import type { Context } from '../context.ts'
import { minute } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { originOf } from '../platform/endpoint.ts'
import { compareWithApproved, touchedKeys } from '../plan/approved.ts'
import { computePlan } from '../plan/compute-plan.ts'
import { type PlanFile, configurationHash, readPlanFile } from '../plan/plan-file.ts'
import { dateTime } from '../render/time.ts'
import { auditedPlan } from './audited-plan.ts'
import { requireConfiguration } from './configuration.ts'
import { planOptions } from './plan-options.ts'
import { readPlanText, sha256 } from './plan-store.ts'
import type { ReconcileOptions, Reconciliation } from './reconcile.ts'
import { serverClock } from './server-clock.ts'
import type { Lock } from './stack-lock.ts'

function conflict(message: string): Failure {
  return new Failure('conflict', message, {
    hints: ['Nothing was changed. Make a new plan file with plan --out FILE.'],
  })
}

/** What was approved is what the file says; flags that would make it another plan contradict it. */
function requireNoPlanning(file: string, asked: ReconcileOptions): void {
  const given = [
    ['--only', asked.only.length > 0],
    ['--except', asked.except.length > 0],
    ['--max-revoke', asked.maxRevoke !== null],
    ['--max-rotate', asked.maxRotate !== null],
    ['--revoke-in-use', asked.revokeInUse.length > 0],
    ['--forbid', asked.forbid.length > 0],
    ['--allow', asked.allow.length > 0],
    ['--take-over', asked.takeOver],
  ] as const
  const [flag] = given.find(([, is]) => is) ?? []
  if (flag === undefined) return
  throw new Failure(
    'usage',
    `${flag} does not go with a plan file: ${file} has the options that were approved`,
    {
      hints: [`Give ${flag} to plan --out FILE.`],
    },
  )
}

function requireSame(what: string, planned: string, here: string): void {
  if (planned !== here) throw conflict(`The plan is for ${what} ${planned}, and this is ${here}`)
}

function requireValid({ plan, validUntil }: PlanFile, now: number): void {
  if (now >= validUntil) throw conflict(`The plan expired at ${dateTime(validUntil)}`)
  if (plan.now > now + minute)
    throw conflict(`The plan was made at ${dateTime(plan.now)}, which is yet to come`)
}

/**
 * Gathers, and plans anew at the approved plan's own moment for the keys that it touches. Throws a `Failure` (conflict)
 * where the plan is for another stack, platform, account or configuration, expired, or would be another one now. What is
 * carried out is the new plan; nothing of the file but its moment and its options goes into it.
 */
export async function reconcileApproved(
  file: string,
  asked: ReconcileOptions,
  context: Context,
  lock: Lock,
): Promise<Reconciliation> {
  requireNoPlanning(file, asked)
  const approved = readPlanFile(await readPlanText(file, context.cwd), file, sha256)
  const desired = await requireConfiguration(asked.config, null, context)
  requireSame('the stack', approved.plan.stack, desired.stack)
  if (approved.configuration !== configurationHash(desired, sha256))
    throw conflict('The configuration is not the one that the plan was made from')
  const connection = await context.connect(asked)
  requireSame('the platform', approved.origin, originOf(connection.url))
  const locked = await lock(connection.url, desired.stack)
  const clockFrom = serverClock()
  const gathered = await gather(desired, connection.client)
  const clock = clockFrom(gathered.now)
  requireSame('the account', approved.account, gathered.current.caller.account)
  requireValid(approved, gathered.now)

  const touched = touchedKeys(approved.plan)
  const here = await planOptions({ ...asked, only: [], except: [] }, desired, gathered, context, locked)
  const targets = touched.length === 0 ? approved.options.targets : { only: touched, except: [] }
  const options = { ...here, ...approved.options, targets }
  const fresh = computePlan(desired, gathered.current, approved.plan.now, options)
  const { changes, stale } = compareWithApproved(approved.plan, fresh)
  if (stale.length > 0) {
    const [are, them] = stale.length === 1 ? ['is', 'it'] : ['are', 'them']
    throw conflict(`The plan is stale: ${stale.join(', ')} ${are} no longer as the plan found ${them}`)
  }
  // What an empty plan leaves alone is not its business.
  const findings = touched.length === 0 ? [] : fresh.findings
  const judged =
    touched.length === 0
      ? { plan: { ...fresh, findings }, audit: null }
      : await auditedPlan({ ...fresh, changes, findings, now: gathered.now }, desired, gathered)
  const plan = { ...judged.plan, changes, now: fresh.now, targets: approved.options.targets }
  return { desired, gathered, options, plan, audit: judged.audit, connection, clock }
}
