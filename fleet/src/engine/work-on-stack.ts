import { type Instant, type Milliseconds, minute } from '../../../src/model/duration.ts'
import { Failure, exitCodes } from '../../../src/model/failure.ts'
import type { Secret } from '../../../src/model/secret.ts'
import { operator } from '../../../src/runtime/host.ts'
import type { FleetDatabase } from '../../../src/runtime/fleet-database.ts'
import type { Stores } from '../../../src/stores/open.ts'
import type { Lane } from '../budget/lanes.ts'
import type { Database } from '../database/connect.ts'
import type { FleetStack, StackMode } from '../file/fleet.ts'
import { readLastLease } from '../lease/lease-rows.ts'
import type { Log } from '../log/log.ts'
import { span } from '../log/span.ts'
import { type Metrics, outcomeOf } from '../serve/metrics.ts'
import { guardedStores } from './guarded-stores.ts'
import { BudgetedRequests, type SharedBudget } from './budgeted.ts'
import { type Judgement, judgeRun, nextEventOf } from './judge-run.ts'
import { laneOfPlan } from './lane-of-plan.ts'
import type { RecordedRun } from './record-run.ts'
import { type StackRun, runStack } from './run-stack.ts'
import { AnswerRecorder, AnswerReplayer, type SharedAnswers } from './shared-answers.ts'
import { type SharedListings, freshnessOf } from './shared-listing.ts'
import { type StackContext, stackContext } from './stack-context.ts'
import { type BegunStack, beginStack, endStack, workLease } from './stack-rows.ts'

/** Where the configuration of a stack is now; absolute paths. */
export interface StackPlace {
  readonly folder: string
  /** The root of the checkout that it is in; null: nothing was checked out. */
  readonly checkout: string | null
}

/** What a replica works with. */
export interface Workshop {
  readonly version: string
  readonly db: Database
  readonly database: FleetDatabase
  readonly listings: SharedListings
  readonly budgetOf: (credential: string) => SharedBudget
  readonly credentialOf: (stack: FleetStack) => Promise<Secret>
  /** Names the budget of a credential; the same in all replicas. */
  readonly hashOf: (secret: Secret) => string
  readonly placeOf: (stack: FleetStack) => Promise<StackPlace>
  /** What the programs of a stack may see. */
  readonly environmentOf: (stack: FleetStack) => NodeJS.ProcessEnv
  readonly modeNow: (stack: FleetStack) => StackMode
  /** How long after a run that ended well (`failures`: 0), or for so many times in a row did not, the next one is due. */
  readonly dueIn: (stack: FleetStack, failures: number) => Milliseconds
  /** The same where another run has the stack; without it a minute. */
  readonly busyPause?: Milliseconds
  /** Writes down what a run found, and tells whom it concerns. Never rejects. */
  readonly ended: (
    stack: FleetStack,
    run: StackRun,
    judgement: Judgement,
    recorded: RecordedRun,
  ) => Promise<void>
  readonly metrics: Metrics
  readonly log: Log
  readonly parallelism: number
  readonly tick: Milliseconds
  readonly stopping: AbortSignal
}

/** What a run of a stack asks the platform, and how. */
interface Access {
  readonly secret: Secret
  readonly credential: string
  readonly place: StackPlace
  readonly requests: BudgetedRequests
  lane: Lane
  /** Of the run's lines in the history, and the epoch of the lease that it wrote them under. */
  run: string | null
  epoch: number | null
  /** Called with the lease of the stack in hand, where others may have written the stack after that moment. */
  writtenUntil: (at: Instant) => void
}

/** Anybody may have had it at any time. */
const unknown = { epoch: Number.NaN, until: Number.POSITIVE_INFINITY }

/** The same database, which tells under which id and epoch a run stands in the history, and until when others may have written its stack. */
function noting({ database, db }: Workshop, access: Access): FleetDatabase {
  return {
    ...database,
    takeLease: async (target, asked) => {
      const last = await readLastLease(db, target).catch(() => unknown)
      const taken = await database.takeLease(target, asked)
      // Where its holder was killed it tells nobody how far it came; where another one was quicker, nothing is known.
      if (last !== null && taken.lease !== null)
        access.writtenUntil(taken.lease.epoch === last.epoch + 1 ? last.until : unknown.until)
      return taken
    },
    append: async (place, line) => {
      access.run = line.run
      access.epoch = place.epoch
      await database.append(place, line)
    },
  }
}

function contextFor(
  stack: FleetStack,
  access: Access,
  through: Parameters<typeof stackContext>[0]['through'],
  workshop: Workshop,
): StackContext {
  const { version, stopping, environmentOf } = workshop
  const { secret, place } = access
  return stackContext({
    ...{ version, cwd: place.folder, secret, through, stopping },
    env: environmentOf(stack),
    apiUrl: stack.account.apiUrl,
    replica: { database: noting(workshop, access), fleetStack: stack.name },
    guardStores: (stores: Stores) =>
      guardedStores(stores, { stack: stack.name, programs: stack.programs, checkout: access.place.checkout }),
  })
}

/** Asks the platform for what every first look of a run asks for. */
async function listFor(stack: FleetStack, access: Access, workshop: Workshop): Promise<SharedAnswers> {
  const recorder = new AnswerRecorder()
  const through: Parameters<typeof contextFor>[2] = transport =>
    recorder.through(access.requests.through(transport))
  const context = contextFor(stack, access, through, workshop)
  try {
    return await span('fleet.list', { account: stack.account.name }, async note => {
      const { client } = await context.connect({
        apiUrl: null,
        staging: false,
        profile: null,
        verbose: false,
      })
      const { keys } = await client.list()
      note({ keys: keys.length })
      await client.whoami()
      return recorder.recorded()
    })
  } finally {
    await context.close()
  }
}

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

/** Runs a stack, or says what kept it from being run. Rejects with defects alone. */
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
    if (!(cause instanceof Failure)) throw cause
    return ended({
      ...{ mode, failure: cause, exitCode: exitCodes[cause.code], reconciliation: null, report: null },
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
 * Works on a stack once, if it is due and no other replica does. Rejects where its end could not be written down, or with a defect: the
 * queue tries such a job again.
 */
export async function workOnStack(stack: FleetStack, workshop: Workshop): Promise<void> {
  const { db, database, metrics } = workshop
  const log = workshop.log.child({ stack: stack.name })
  const taken = await database.takeLease(workLease(stack.name), {
    ...{ ...operator(), command: 'fleet run', patience: 0, onWait: () => undefined },
  })
  if (taken.lease === null) return
  const { lease } = taken
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
      if (judgement.problem === null) log.info('Ran', facts)
      else log.warn('Ran', { ...facts, problem: judgement.problem })
      await workshop.ended(stack, run, judgement, { ...recorded, took })
    })
  } finally {
    await lease.release()
  }
}
