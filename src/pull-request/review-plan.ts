import { type Gathered, gather } from '../apply/gather.ts'
import { type AuditedPlan, auditedPlan } from '../commands/audited-plan.ts'
import { findFormerStores } from '../commands/find-former-stores.ts'
import { keysWithLocalStores, nothingAsked } from '../commands/plan-options.ts'
import type { Context } from '../context.ts'
import type { DesiredState } from '../model/desired.ts'
import { canonicalText } from '../plan/canonical.ts'
import { computePlan } from '../plan/compute-plan.ts'
import type { PlanOptions } from '../plan/input.ts'
import { ownedKeys } from '../lifecycle/ownership.ts'
import { storesToFind } from '../plan/lost-stores.ts'
import { originOf } from '../platform/endpoint.ts'
import { signedKeys } from '../platform/signature.ts'

/** A plan for which no store was looked at, with what it was made from. */
export interface ReviewPlan extends AuditedPlan {
  readonly gathered: Gathered
  readonly options: PlanOptions
  readonly origin: string
}

/** What a plan for review knows: nothing of this machine, and of no store what it holds. So it is the same wherever it is made. */
export async function optionsForReview(
  desired: DesiredState,
  { current, now }: Gathered,
  {
    platform,
    config,
    cwd,
    host,
  }: {
    readonly platform: string
    readonly config: readonly string[]
    readonly cwd: string
    readonly host: string
  },
): Promise<PlanOptions> {
  const { only, except, maxRevoke, maxRotate, revokeInUse, takeOver, sign, rotate, breakGlass } = nothingAsked
  const lost = storesToFind(desired, ownedKeys(desired, current.keys, now), now)
  return {
    ...{ platform, host, locked: true, keychain: null, widening: 'as-declared' },
    ...{ maxRevoke, maxRotate, revokeInUse, takeOver, sign, rotate, breakGlass, targets: { only, except } },
    ...{ places: new Map(), held: new Map(), heldHere: new Map() },
    localKeys: keysWithLocalStores(desired),
    formerStores: await findFormerStores(desired, lost, config, cwd),
    ...signedKeys(current.keys, desired.marker?.publicKeys ?? []),
  }
}

/**
 * Plans with GET requests alone: no store, no program, no lock. `desired` is judged by the base; where what is `declared` has another
 * policy, that has to let the plan pass too, since it counts once it is merged.
 */
export async function planForReview(
  { declared, desired }: { readonly declared: DesiredState; readonly desired: DesiredState },
  { config, cwd }: { readonly config: readonly string[]; readonly cwd: string },
  context: Pick<Context, 'connect' | 'host'>,
): Promise<ReviewPlan> {
  const connection = await context.connect({ apiUrl: null, staging: false, profile: null, verbose: false })
  const origin = originOf(connection.url)
  const gathered = await gather(desired, connection.client)
  const options = await optionsForReview(desired, gathered, {
    ...{ platform: origin, config, cwd, host: context.host() },
  })
  const plan = computePlan(desired, gathered.current, gathered.now, options)
  const judged = await auditedPlan(plan, desired, gathered)
  const own = canonicalText(declared.policy) === canonicalText(desired.policy)
  const later = own ? null : await auditedPlan(plan, declared, gathered)
  const refusals = (later?.plan.findings ?? []).filter(({ code }) => code === 'policy-failed')
  const isKnown = judged.plan.findings.some(({ code }) => code === 'policy-failed')
  return {
    plan: isKnown ? judged.plan : { ...judged.plan, findings: [...judged.plan.findings, ...refusals] },
    audit: judged.audit,
    ...{ gathered, options, origin },
  }
}
