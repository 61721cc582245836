import { platformWithCrashPoints, storesWithCrashPoints } from '../apply/crash-points.ts'
import { executePlan } from '../apply/execute-plan.ts'
import { fencedStores } from '../apply/fence.ts'
import type { Run, Signing } from '../apply/run.ts'
import type { Context } from '../context.ts'
import { Declined, Failure, exitCodes } from '../model/failure.ts'
import type { StoreSpec } from '../model/store.ts'
import type { Report } from '../model/outcome.ts'
import { type Plan, isRefused } from '../model/change.ts'
import { isProvision } from '../model/verb.ts'
import { requestsToApply } from '../plan/requests.ts'
import { budgetNotice } from '../render/report/budget-text.ts'
import { appliedToJson } from '../render/report/report-json.ts'
import { targetText } from '../render/text/subject-text.ts'
import { wrap } from '../render/text/layout.ts'
import { notStartedTexts, renderOutcome } from '../render/report/report-text.ts'
import type { RunLog } from '../runtime/run-log.ts'
import { type ApplyView, applyView } from './apply-view.ts'
import { reconcileApproved } from './open-approved-plan.ts'
import { type RunRecorder, beginRecording, logSinks, openAskedLog } from './open-log.ts'
import { allowedPaths } from './configuration.ts'
import { exitCodeOf, exitCodeOfPlan, exitCodeOfRest } from './exit-code.ts'
import { beat } from './apply-heartbeat.ts'
import { type JsonFile, writingJsonInto } from './json-into.ts'
import { planLifetime } from './plan-lifetime.ts'
import { type ReconcileOptions, type Reconciliation, reconcile } from './reconcile.ts'
import { signingOf } from './signing.ts'
import { type Held, type Lock, type LockOptions, whileLocking } from './lock-stack.ts'
import { keyToTryUpdate, tryingUpdate } from './try-update.ts'

export interface ApplyOptions extends ReconcileOptions, Omit<LockOptions, 'command'> {
  /** A plan file, which is the approval; null: plan anew. */
  readonly planFile: string | null
  /** How long after it was made a plan file is taken: `24h`; null: a day. */
  readonly ttl: string | null
  readonly autoApprove: boolean
  readonly parallelism: number
  /** Go on in a CI job whose runner cannot be told to mask new secrets. */
  readonly allowUnmasked: boolean
  /** The log to append to; null: the environment's, or none. */
  readonly log: string | null
  /** Print events, a line of JSON each. */
  readonly jsonLines: boolean
  /** The file for the document that `--json` prints; null: none. */
  readonly jsonInto: string | null
  /** What to call after a complete run. */
  readonly heartbeat: URL | null
}

/** Where a run shows what it does. */
interface Shown {
  readonly view: ApplyView
  readonly file: JsonFile
}

/** What another room puts in the place of a plan file: its own way to a plan that somebody approved, and an ear for what came of it. */
export interface ApplyHooks {
  readonly decide: (lock: Lock) => Promise<Reconciliation>
  readonly done: (plan: Plan, report: Report) => void
}

export async function runApply(
  options: ApplyOptions,
  context: Context,
  hooks: ApplyHooks | null = null,
): Promise<number> {
  if (options.parallelism < 1) throw new Failure('usage', '--parallelism takes 1 or more')
  if (options.ttl !== null && options.planFile === null)
    throw new Failure('usage', '--ttl is about a plan file, so it needs one: apply FILE --ttl 24h')
  planLifetime(options.ttl) // A wrong flag costs no request.
  const approved = options.autoApprove || options.planFile !== null
  const asked = options.json ? 'json' : options.jsonLines ? 'json-lines' : null
  if (asked !== null && !approved)
    throw new Failure('usage', `apply --${asked} cannot ask, so it needs --auto-approve`)
  const command = options.rotate.size > 0 ? 'rotate' : 'apply'
  const view = applyView(command, options, context)
  view.begins()
  const log = await openAskedLog(options.log, context)
  const code = await writingJsonInto(options.jsonInto, { detailedExitcode: false }, context, file =>
    whileLocking({ ...options, command }, context, held =>
      applyLocked(options, approved, log, { held, hooks }, { view, file }, context),
    ),
  )
  if (code === 0 && options.heartbeat !== null) await beat(options.heartbeat, context)
  return code
}

async function decide(options: ApplyOptions, context: Context, lock: Lock): Promise<Reconciliation> {
  if (options.planFile === null) return await reconcile(options, context, lock)
  const lifetime = planLifetime(options.ttl)
  return await reconcileApproved(options.planFile, { ...options, lifetime }, context, lock)
}

async function applyLocked(
  options: ApplyOptions,
  approved: boolean,
  log: RunLog | null,
  { held, hooks }: { readonly held: Held; readonly hooks: ApplyHooks | null },
  shown: Shown,
  context: Context,
): Promise<number> {
  const reconciliation = await (hooks === null
    ? decide(options, context, held.lock)
    : hooks.decide(held.lock))
  const { plan, audit } = reconciliation
  const idle = isRefused(plan) || plan.changes.length === 0
  shown.view.planned(reconciliation)
  if (makesSecrets(plan) && !options.allowUnmasked) await context.requireMasking()
  const signing = idle ? null : signingOf(reconciliation.desired, context.env)
  if (!idle) tellRequests(reconciliation, context)
  if (!idle && !approved) await requireApproval(plan, context)

  const { gathered, clock } = reconciliation
  const sinks = idle ? [] : logSinks(log, held.fleetRun())
  const recorder = await beginRecording(sinks, plan, gathered.current.caller, clock, context)
  const report =
    signing === null
      ? { outcomes: [], interrupted: false }
      : await execute(reconciliation, { recorder, signing }, shown, options, held, context)
  hooks?.done(plan, report)
  const trouble = (await recorder?.trouble()) ?? null
  const code = exitCodeOfRun(plan, report, { isLogged: trouble === null, isLost: held.lost.aborted })
  shown.file.holds(() => appliedToJson(plan, audit, report))
  shown.view.ended(report, reconciliation, code)
  tellTrouble(trouble, context)
  return code
}

function exitCodeOfRun(
  plan: Plan,
  report: Report,
  { isLogged, isLost }: { readonly isLogged: boolean; readonly isLost: boolean },
): number {
  if (isRefused(plan)) return exitCodes.refused
  if (!isLogged) return exitCodeOf(report) || exitCodes.failed
  if (isLost) return exitCodeOf(report) || exitCodes.conflict
  const isDone = report.outcomes.some(({ status }) => status === 'done')
  return exitCodeOf(report) || exitCodeOfPlan(plan, isDone) || exitCodeOfRest(plan, isDone)
}

function makesSecrets(plan: Plan): boolean {
  return !isRefused(plan) && plan.changes.some(isProvision)
}

/** Says so where the plan needs more requests than the caller has left. */
function tellRequests({ plan, gathered, connection }: Reconciliation, { stderr, now }: Context): void {
  const { client } = connection
  const { least, most } = requestsToApply(plan, client.listCost())
  const first = keyToTryUpdate(plan, gathered.current) === null ? 0 : 1
  const notice = budgetNotice({ least: least + first, most: most + first }, client.budget(), now())
  if (notice !== null) stderr.print(`\n${wrap(notice, stderr.width).join('\n')}`)
}

async function requireApproval(plan: Plan, context: Context): Promise<void> {
  if (!context.interactive) {
    throw new Failure('failed', 'There is nobody to approve the plan: not a terminal', {
      hints: ['Read the plan, then run apply --auto-approve.'],
    })
  }
  const { palette } = context.stderr
  const { bold } = palette
  const question = `Do you want to make these changes to ${targetText(plan, palette)}?`
  context.stderr.print(
    `\n${bold(wrap(question, context.stderr.width).join('\n'))}\nOnly \`yes\` will be accepted to approve.\n`,
  )
  const answer = await context.ask('Enter a value: ')
  if (answer !== 'yes') throw new Declined('Apply cancelled: nothing was changed')
}

/** Says so where the log lacks something. */
function tellTrouble(trouble: Failure | null, { stderr }: Context): void {
  if (trouble !== null) stderr.print(`Not everything was logged. ${trouble.message}`)
}

/** Tells on standard error what the output did not take of a run that ended early for it. */
function cutShort(fault: Failure, report: Report, { rotate }: ApplyOptions, { stderr }: Context): Failure {
  for (const outcome of report.outcomes)
    if (outcome.status === 'failed') stderr.print(renderOutcome(outcome, stderr))
  const hints = ['What was in flight was finished, and nothing new was begun.']
  const left = notStartedTexts(report)
  if (left.length > 0)
    stderr.print(left.flatMap(text => wrap(`Not started: ${text}`, stderr.width)).join('\n'))
  // What a rotation has not reached is in no new plan.
  if (rotate.size === 0) hints.push('Plan and apply again for the rest.')
  return new Failure(fault.code, fault.message, { hints, cause: fault })
}

/** Nobody interrupted this run: it stopped because another one is at work. */
function stoppedEarly({ outcomes }: Report): Report {
  const stopped = outcomes.map(one => (one.status === 'skipped' ? { ...one, why: 'stopped' as const } : one))
  return { outcomes: stopped, interrupted: false }
}

/** The stores that the configuration has, and those that it lost. */
function placesOf({ desired, plan }: Reconciliation): readonly StoreSpec[] {
  const declared = desired.keys.flatMap(({ stores }) => stores)
  const lost = plan.changes.flatMap(change => ('removal' in change ? change.removal.from : []))
  return [...declared, ...lost].map(({ spec }) => spec)
}

async function execute(
  reconciliation: Reconciliation,
  { recorder, signing }: { readonly recorder: RunRecorder | null; readonly signing: Signing },
  { view, file }: Shown,
  asked: ApplyOptions,
  { lost, fleetRun }: Held,
  context: Context,
): Promise<Report> {
  const { parallelism } = asked
  const { desired, gathered, options, plan, audit, connection, clock } = reconciliation
  const openStores = await context.stores(allowedPaths(asked.allowPath, context.cwd))
  await openStores.sweep(placesOf(reconciliation))
  const tried = tryingUpdate(keyToTryUpdate(plan, gathered.current), openStores, connection.client)
  const stores = fencedStores(tried, () => fleetRun()?.lease.requireHeld())
  const progress = view.progress(plan)
  const stopping = AbortSignal.any([context.stopping, lost])
  connection.client.pace({ stopping, tell: progress.waits })
  const run: Run = {
    desired,
    options,
    caller: gathered.current.caller,
    known: new Set(gathered.current.keys.map(({ id }) => id)),
    platform: platformWithCrashPoints(connection.client, context.checkpoint),
    stores: storesWithCrashPoints(stores, context.checkpoint),
    signing,
    budget: connection.client,
    clock,
    nonce: context.nonce,
    parallelism,
    stopping,
    tell: told => {
      if (told.event === 'finished') recorder?.outcome(told.outcome)
      progress.tell(told)
    },
    pause: context.pause,
  }
  const reports: Report[] = []
  const work = async () => {
    try {
      const report = await executePlan(plan, run)
      reports.push(report)
      return report
    } finally {
      progress.end()
    }
  }
  try {
    const report = await context.finishingOnInterrupt(work)
    return lost.aborted && !context.stopping.aborted ? stoppedEarly(report) : report
  } catch (cause) {
    const [report] = reports
    if (!(cause instanceof Failure) || report === undefined) throw cause
    tellTrouble((await recorder?.trouble()) ?? null, context)
    file.holds(() => appliedToJson(plan, audit, report))
    throw cutShort(cause, report, asked, context)
  }
}
