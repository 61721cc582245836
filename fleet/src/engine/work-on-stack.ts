import { type Milliseconds, minute } from '../../../src/model/duration.ts'
import { Failure, exitCodes } from '../../../src/model/failure.ts'
import { operator } from '../../../src/runtime/host.ts'
import type { Lane } from '../budget/lanes.ts'
import type { FleetStack, StackMode } from '../file/fleet.ts'
import { span } from '../log/span.ts'
import { outcomeOf } from '../serve/metrics.ts'
import { BudgetedRequests } from './budgeted.ts'
import { type Judgement, judgeRun, nextEventOf } from './judge-run.ts'
import { laneOfPlan } from './lane-of-plan.ts'
import type { RecordedRun } from './record-run.ts'
import { type StackRun, runStack } from './run-stack.ts'
import { AnswerReplayer } from './shared-answers.ts'
import { freshnessOf } from './shared-listing.ts'
import { type Access, contextFor, listFor } from './stack-access.ts'
import { type BegunStack, beginStack, endStack, workLease } from './stack-rows.ts'
import type { Workshop } from './workshop.ts'

async function runFor(
  stack: FleetStack,
  mode: StackMode,
  { now, lastEnd }: BegunStack,
  access: Access,
  workshop: Workshop,
): Promise<StackRun> {
  const { listings, tick, parallelism } = workshop
  const freshness = freshnessOf(listings.costOf(access.credential), stack.interval, tick)
  const notBefore = Math.max(now - freshness, lastEnd ?? 0)
  const shared = await listings.get(access.credential, { now, notBefore }, () =>
    listFor(stack, access, workshop),
  )
  const replayer = new AnswerReplayer(shared.answers, shared.age)
  access.writtenUntil = at => {
    if (at >= shared.begunAt) replayer.forget()
  }
  const context = contextFor(
    stack,
    access,
    transport => replayer.through(access.requests.through(transport)),
    workshop,
  )
  const planned = ({ plan }: NonNullable<StackRun['reconciliation']>) => {
    access.lane = laneOfPlan(plan)
  }
  try {
    const run = await runStack({ mode, config: stack.config, parallelism, planned }, context)
    const said = [context.stdout.text(), context.stderr.text()].join('').trim()
    workshop.log.child({ stack: stack.name }).debug('What the run printed', { said })
    return run
  } finally {
    await context.close()
  }
}

const defects = [TypeError, RangeError, ReferenceError, SyntaxError]

/** A defect fails as often as it is tried, so the stack waits as it does after any failure. Null: what went wrong is not about the stack. */
function failureOf(cause: unknown): Failure | null {
  if (cause instanceof Failure) return cause
  if (!(cause instanceof Error) || !defects.some(defect => cause instanceof defect)) return null
  return new Failure('failed', `Internal error: ${cause.name}`, {
    hints: ['This is a defect of fluxloop-keys. Please report it, with the log.'],
    cause,
  })
}

/** Runs a stack, or says what kept it from being run. Rejects where the database fails. */
async function attempt(
  stack: FleetStack,
  mode: StackMode,
  begun: BegunStack,
  workshop: Workshop,
): Promise<{ readonly run: StackRun; readonly lane: Lane; readonly recorded: Omit<RecordedRun, 'took'> }> {
  let access: Access | null = null
  const ended = (run: StackRun) => ({
    run,
    lane: access?.lane ?? 'plan',
    recorded: {
      run: access?.run ?? null,
      epoch: access?.epoch ?? null,
      requests: access?.requests.requests ?? 0,
    },
  })
  try {
    const secret = await workshop.credentialOf(stack)
    const credential = workshop.hashOf(secret)
    const requests = new BudgetedRequests(workshop.budgetOf(credential), () => access?.lane ?? 'plan')
    const place = await workshop.placeOf(stack)
    access = {
      secret,
      credential,
      place,
      requests,
      lane: 'plan',
      run: null,
      epoch: null,
      writtenUntil: () => undefined,
    }
    return ended(await runFor(stack, mode, begun, access, workshop))
  } catch (cause) {
    const failure = failureOf(cause)
    if (failure === null) throw cause
    return ended({
      ...{ mode, failure, exitCode: exitCodes[failure.code], reconciliation: null, report: null },
    })
  } finally {
    await access?.requests.end()
  }
}

/** Somebody else has the stack: soon again, by whichever replica. */
const usualBusyPause: Milliseconds = minute

async function writeEnd(
  stack: FleetStack,
  begun: BegunStack,
  run: StackRun,
  judgement: Judgement,
  { db, dueIn, busyPause = usualBusyPause }: Workshop,
): Promise<number> {
  const { state } = judgement
  const failures = state === 'failing' ? begun.failures + 1 : state === 'busy' ? begun.failures : 0
  const next = nextEventOf(run)
  const plan = run.reconciliation?.plan ?? null
  await endStack(db, stack.name, {
    dueIn:
      state === 'busy' ? (run.exitCode === exitCodes.interrupted ? 0 : busyPause) : dueIn(stack, failures),
    state: state === 'busy' ? begun.state : state,
    failures,
    exitCode: run.exitCode,
    problem: judgement.problem,
    account: plan?.account ?? null,
    stack: plan?.stack ?? null,
    mode: stack.mode,
    nextEvent: next === null ? null : `${next.event} ${next.keyId ?? next.name}`,
    nextEventAt: next?.at ?? null,
  })
  return failures
}

/**
 * Works on a stack once, if it is due and no other replica does. Rejects where its end could not be written down: the queue tries such a
 * job again.
 */
export async function workOnStack(stack: FleetStack, workshop: Workshop): Promise<void> {
  const { db, database, metrics } = workshop
  const log = workshop.log.child({ stack: stack.name })
  const taken = await database.takeLease(workLease(stack.name), {
    ...{ ...operator(), command: 'fleet run', patience: 0, onWait: () => undefined },
  })
  if (taken.lease === null) return
  const { lease } = taken
  lease.lost.addEventListener('abort', () => metrics.lostLease())
  try {
    const begun = await beginStack(db, stack.name)
    if (begun === null) return
    metrics.startedAfter(begun.delay)
    const mode = workshop.modeNow(stack)
    await span('fleet.stack', { stack: stack.name, mode, epoch: lease.epoch }, async note => {
      const start = performance.now()
      const { run, recorded, lane } = await attempt(stack, mode, begun, workshop)
      const judgement = judgeRun(run)
      note({ outcome: judgement.state })
      const { requests } = recorded
      metrics.requestMade(lane, requests)
      // Whoever has it by now writes its end.
      lease.requireHeld()
      const failures = await writeEnd(stack, begun, run, judgement, workshop)
      const [took, outcome] = [performance.now() - start, outcomeOf(run.exitCode)]
      metrics.ranStack({ stack: stack.name, mode, outcome, took, failures })
      const facts = {
        run: recorded.run,
        mode,
        outcome,
        state: judgement.state,
        requests,
        milliseconds: Math.round(took),
      }
      if (run.failure?.cause !== undefined) log.debug('Why it failed', { err: run.failure.cause })
      if (judgement.problem === null) log.info('Ran', facts)
      else log.warn('Ran', { ...facts, problem: judgement.problem })
      await workshop.ended(stack, run, judgement, { ...recorded, took })
    })
  } finally {
    await lease.release()
  }
}
