import { type Gathered, gather } from '../apply/gather.ts'
import type { Connection, ConnectionOptions } from '../runtime/connection.ts'
import type { Context } from '../context.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { computePlan } from '../plan/compute-plan.ts'
import type { PlanOptions } from '../plan/input.ts'
import { originOf } from '../platform/endpoint.ts'
import { type AuditedPlan, auditedPlan } from './audited-plan.ts'
import { requireConfiguration } from './configuration.ts'
import { type PlanningOptions, planOptions, wideningOf, withKeychain } from './plan-options.ts'
import { serverClock } from './server-clock.ts'
import type { Lock } from './lock-stack.ts'
import { warnOfOtherNames } from './other-names.ts'

/** What `plan` and `apply` share. */
export interface ReconcileOptions extends PlanningOptions, ConnectionOptions {
  readonly config: readonly string[]
  readonly json: boolean
  readonly verbose: boolean
  /** Show all details of a plan, however many changes it has. */
  readonly full: boolean
  /** Files that stores may write to, whatever they are called. */
  readonly allowPath: readonly string[]
}

export interface Reconciliation extends AuditedPlan {
  readonly desired: DesiredState
  readonly gathered: Gathered
  readonly options: PlanOptions
  readonly connection: Connection
  /** The server's clock, carried on from the listing by ours, which may be set wrong but runs as fast. */
  readonly clock: () => Instant
}

/** Gathers and decides: the first two thirds of every reconciliation. */
export async function reconcile(
  asked: ReconcileOptions,
  context: Context,
  lock: Lock | null = null,
): Promise<Reconciliation> {
  wideningOf(asked) // A wrong flag costs no request.
  const desired = await requireConfiguration(asked.config, null, context, asked.allowPath)
  warnOfOtherNames(desired, context)
  const connection = await context.connect(asked)
  const locked = await lock?.(connection, desired.stack)
  const clockFrom = serverClock()
  const gathered = await gather(desired, connection.client)
  const clock = clockFrom(gathered.now)
  const platform = originOf(connection.url)
  const options = await planOptions({ ...asked, platform }, desired, gathered, context, locked)
  const plan = await withKeychain(computePlan(desired, gathered.current, gathered.now, options), context)
  return { ...(await auditedPlan(plan, desired, gathered)), desired, gathered, options, connection, clock }
}
