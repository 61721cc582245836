import { type ApplyOptions, runApply } from '../../../src/commands/apply-command.ts'
import { exitCodeOfPlan } from '../../../src/commands/exit-code.ts'
import { nothingAsked } from '../../../src/commands/plan-options.ts'
import { type ReconcileOptions, type Reconciliation, reconcile } from '../../../src/commands/reconcile.ts'
import { Failure, exitCodes } from '../../../src/model/failure.ts'
import type { Report } from '../../../src/model/outcome.ts'
import type { StackMode } from '../file/fleet.ts'
import type { StackContext } from './stack-context.ts'

/** What came of one run of a stack. */
export interface StackRun {
  /** What it did in the end: outside of its change windows an `apply` stack only plans. */
  readonly mode: StackMode
  readonly exitCode: number
  /** What ended it early; null: it ended by itself, well or not. */
  readonly failure: Failure | null
  /** Null: it failed before there was a plan. */
  readonly reconciliation: Reconciliation | null
  /** Null: nothing was carried out. */
  readonly report: Report | null
}

export interface StackRequest {
  readonly mode: StackMode
  /** As in the fleet file. */
  readonly config: readonly string[]
  readonly parallelism: number
  /** Hears of the plan before anything of it is carried out. */
  readonly planned: (reconciliation: Reconciliation) => void
}

function reconcileOptions({ config }: StackRequest): ReconcileOptions {
  return {
    ...nothingAsked,
    ...{ apiUrl: null, staging: false, profile: null, verbose: false, json: false, full: false },
    config,
    allowPath: [],
  }
}

function applyOptions(request: StackRequest): ApplyOptions {
  return {
    ...reconcileOptions(request),
    ...{ planFile: null, ttl: null, autoApprove: true, lockTimeout: null, withoutFleet: false },
    ...{ allowUnmasked: true, log: null, jsonLines: false, jsonInto: null, heartbeat: null },
    parallelism: request.parallelism,
  }
}

/** Plans a stack, and applies the plan where it is in `apply` mode. Rejects with defects alone. */
export async function runStack(request: StackRequest, context: StackContext): Promise<StackRun> {
  const { mode } = request
  let reconciliation: Reconciliation | null = null
  let report: Report | null = null
  const planned = (found: Reconciliation) => {
    reconciliation = found
    request.planned(found)
    return found
  }
  const plan = async () => {
    const { plan: found } = planned(await reconcile(reconcileOptions(request), context))
    return exitCodeOfPlan(found, found.changes.length > 0)
  }
  const apply = async () =>
    await runApply(applyOptions(request), context, {
      decide: async lock => planned(await reconcile(reconcileOptions(request), context, lock)),
      done: (_plan, done) => {
        report = done
      },
    })
  const ended = (exitCode: number, failure: Failure | null): StackRun => ({
    ...{ mode, exitCode, failure, reconciliation, report },
  })
  try {
    return ended(await (mode === 'plan' ? plan() : apply()), null)
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    return ended(exitCodes[cause.code], cause)
  }
}
