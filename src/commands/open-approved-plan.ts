import { gather } from '../apply/gather.ts'
import type { Context } from '../context.ts'
import type { Change, Plan } from '../model/change.ts'
import { type Instant, type Milliseconds, minute } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { Finding } from '../model/finding.ts'
import { originOf } from '../platform/endpoint.ts'
import { compareWithApproved, touchedKeys } from '../plan/approved.ts'
import { computePlan } from '../plan/compute-plan.ts'
import { type ApprovedOptions, type PlanFile, configurationHash, readPlanFile } from '../plan/plan-file.ts'
import { dateTime } from '../render/text/time.ts'
import { auditedPlan } from './audited-plan.ts'
import { requireConfiguration } from './configuration.ts'
import { sameChoice } from './same-choice.ts'
import { requireRepeated } from './overrides.ts'
import { planOptions, wideningOf, withKeychain } from './plan-options.ts'
import { readPlanText, sha256 } from './plan-store.ts'
import type { ReconcileOptions, Reconciliation } from './reconcile.ts'
import { serverClock } from './server-clock.ts'
import type { Lock } from './lock-stack.ts'

function conflict(message: string, hints: readonly string[] = []): Failure {
  return new Failure('conflict', message, {
    hints: ['Nothing was changed. Make a new plan file with plan --out FILE.', ...hints],
  })
}

function requireSame(what: string, planned: string, here: string): void {
  if (planned !== here) throw conflict(`The plan is for ${what} ${planned}, and this is ${here}`)
}

/**
 * Fails where the plan is too old: `lifetime` counts from the moment of the plan, by the server's clock. What the file itself says
 * can only shorten that.
 */
function requireValid({ plan, validUntil }: PlanFile, now: Instant, lifetime: Milliseconds): void {
  const until = Math.min(validUntil, plan.now + lifetime)
  if (now >= until) {
    const longer =
      until < validUntil ? ['The plan was saved for longer. To take it anyway: --ttl, as in --ttl 7d.'] : []
    throw conflict(`The plan expired at ${dateTime(until)}`, longer)
  }
  if (plan.now > now + minute)
    throw conflict(`The plan was made at ${dateTime(plan.now)}, which is yet to come`)
}

/** What the caller says, for a plan that must not widen where either side forbids that. */
function effectiveWidening(
  { options }: PlanFile,
  asked: ApprovedOptions['widening'],
): ApprovedOptions['widening'] {
  return options.widening === 'forbid' ? 'forbid' : asked
}

/** It was approved, and is another plan by now. */
export function staleKey(keyId: string): Finding {
  return { severity: 'held', code: 'stale', keyId }
}

/** What of the findings is about the keys that the approved plan touches, or about the whole. What is held is always said. */
export function judgedFindings(
  { findings }: Plan,
  changes: readonly Change[],
  touched: readonly string[],
): Plan['findings'] {
  const left = new Set(changes.map(({ keyId }) => keyId))
  return findings.flatMap((finding): Finding[] => {
    if (finding.severity === 'held') return [finding]
    if (finding.code === 'widening-forbidden') {
      const widened = finding.widened.filter(({ keyId }) => left.has(keyId))
      return widened.length === 0 ? [] : [{ ...finding, changes: changes.length, widened }]
    }
    const isAbout =
      'keyIds' in finding
        ? finding.keyIds.some(keyId => touched.includes(keyId))
        : touched.length > 0 &&
          (!('keyId' in finding) || finding.keyId === null || touched.includes(finding.keyId))
    return isAbout ? [finding] : []
  })
}

/**
 * Gathers, and plans anew at the approved plan's own moment. Throws a `Failure` (conflict) where the plan is for another stack,
 * platform, account or configuration, expired, or would be another one now for every key that it touches; where it would be for
 * some of them, those are held back. What is carried out is the new plan, with the options of the command line. Anybody can write
 * such a file, so nothing of it loosens anything: it names a moment, and changes to leave out.
 */
export async function reconcileApproved(
  file: string,
  asked: ReconcileOptions & { readonly lifetime: Milliseconds },
  context: Context,
  lock: Lock,
): Promise<Reconciliation> {
  const { maxRevoke, maxRotate, revokeInUse, takeOver, only, except, sign } = asked
  const targets = { only, except }
  const widening = wideningOf(asked)
  const approved = readPlanFile(await readPlanText(file, context.cwd), file, sha256)
  const given = { targets, maxRevoke, maxRotate, revokeInUse, takeOver, widening, sign }
  requireRepeated(file, approved.options, given, sameChoice(asked))
  const desired = await requireConfiguration(asked.config, null, context, asked.allowPath)
  requireSame('the stack', approved.plan.stack, desired.stack)
  if (approved.configuration !== configurationHash(desired, sha256))
    throw conflict('The configuration is not the one that the plan was made from', [
      'Where it was made with -c, apply needs the same: plan --out prints the line.',
    ])
  const connection = await context.connect(asked)
  const platform = originOf(connection.url)
  requireSame('the platform', approved.origin, platform)
  const locked = await lock(connection, desired.stack)
  const clockFrom = serverClock()
  const gathered = await gather(desired, connection.client)
  const clock = clockFrom(gathered.now)
  requireSame('the account', approved.account, gathered.current.caller.account)
  requireValid(approved, gathered.now, asked.lifetime)

  const touched = touchedKeys(approved.plan)
  const anyTarget = { ...asked, platform, only: [], except: [] }
  const here = {
    ...(await planOptions(anyTarget, desired, gathered, context, locked)),
    widening: effectiveWidening(approved, widening),
    targets,
  }
  // Limits, and one key's trouble, are about everything that the plan's flags are about, whatever the file lists of it.
  const whole = await withKeychain(computePlan(desired, gathered.current, approved.plan.now, here), context)
  const options = touched.length === 0 ? here : { ...here, targets: { only: touched, except: [] } }
  const { changes, stale } = compareWithApproved(approved.plan, whole)
  if (stale.length > 0 && stale.length === touched.length) {
    const [are, them] = stale.length === 1 ? ['is', 'it'] : ['are', 'them']
    throw conflict(`The plan is stale: ${stale.join(', ')} ${are} no longer as the plan found ${them}`)
  }
  const isMeant = ({ keyId }: { readonly keyId: string }) => touched.length === 0 || touched.includes(keyId)
  const fresh = {
    ...whole,
    changes,
    retiring: whole.retiring.filter(isMeant),
    deferred: whole.deferred.filter(isMeant),
    homes: whole.homes.filter(isMeant),
    unmanaged: touched.length === 0 ? whole.unmanaged : [],
    findings: [...judgedFindings(whole, changes, touched), ...stale.map(staleKey)],
  }
  const judged =
    touched.length === 0
      ? { plan: fresh, audit: null }
      : await auditedPlan({ ...fresh, now: gathered.now, targets: options.targets }, desired, gathered)
  const plan = { ...judged.plan, now: fresh.now, targets }
  return { desired, gathered, options, plan, audit: judged.audit, connection, clock }
}
