import { setTimeout as wait } from 'node:timers/promises'
import type PgBoss from 'pg-boss'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Database } from '../database/connect.ts'
import { queues } from '../database/queues.ts'
import type { Fleet } from '../file/fleet.ts'
import type { Log } from '../log/replica-log.ts'
import type { Metrics } from '../serve/metrics.ts'
import { askForTick, type StackJob, tick } from './tick.ts'

/** What the loop of a replica works with. */
export interface ReplicaParts {
  readonly boss: PgBoss
  readonly db: Database
  readonly fleet: () => Fleet
  /** Brings the rows of stacks up to the fleet file, where it changed. */
  readonly sync: () => Promise<void>
  /** Works on a stack; rejects where the queue is to try it again. */
  readonly work: (stack: Fleet['stacks'][number]) => Promise<void>
  /** After each tick that this replica did. */
  readonly afterTick: () => Promise<void>
  /** The loop came round. */
  readonly beat: () => void
  readonly metrics: Pick<Metrics, 'ticked'>
  readonly log: Log
  /** How many stacks are worked on at once. */
  readonly parallelism: number
  readonly every: Milliseconds
  readonly stopping: AbortSignal
}

/**
 * How long a loop waits that found nothing to do. By chance, so that no replica is always the first that sees what is due: a key whose
 * make was cut short is for the machine that began it, until it is old.
 */
const idle = (): Milliseconds => second * (0.5 + Math.random())
/** How long work in flight may take once the replica is to end. */
const shutdownTime: Milliseconds = 28 * second

/** The loop of one replica: asks for ticks, does those that it gets, and works on stacks. */
export class ReplicaLoop {
  private readonly active = new Map<string, Promise<void>>()
  private nextAsk = 0
  /** Set as soon as work ends, so that the next job is fetched at once. */
  private freed: () => void = () => undefined
  private readonly parts: ReplicaParts

  constructor(parts: ReplicaParts) {
    this.parts = parts
  }

  /** Until it is to stop; resolves once what was in flight is done, or its time is over. */
  async run(): Promise<void> {
    const { stopping, log, beat } = this.parts
    stopping.addEventListener('abort', () => this.freed(), { once: true })
    let troubles = 0
    while (!stopping.aborted) {
      beat()
      try {
        const found = await this.round()
        troubles = 0
        if (!found) await this.rest(idle())
      } catch (cause) {
        troubles += 1
        log.warn('The queue cannot be asked', { err: cause })
        await this.rest(Math.min(10 * second, second * 2 ** Math.min(troubles, 4)))
      }
    }
    await this.finish()
  }

  /** Did it find anything to do? */
  private async round(): Promise<boolean> {
    const { boss, every } = this.parts
    const now = performance.now()
    if (now >= this.nextAsk) {
      await askForTick(boss, every)
      this.nextAsk = now + every
    }
    const ticked = await this.takeTick()
    const room = this.parts.parallelism - this.active.size
    if (room <= 0) return false
    const jobs = await boss.fetch<StackJob>(queues.stack, { batchSize: room })
    for (const job of jobs) this.begin(job)
    return ticked || jobs.length > 0
  }

  private async takeTick(): Promise<boolean> {
    const { boss, db, sync, metrics, afterTick } = this.parts
    const [job] = await boss.fetch(queues.tick)
    if (job === undefined) return false
    await sync()
    await tick(boss, db)
    await boss.complete(queues.tick, job.id)
    metrics.ticked(Date.now())
    await afterTick()
    return true
  }

  private begin(job: PgBoss.Job<StackJob>): void {
    const working = this.work(job).finally(() => {
      this.active.delete(job.id)
      this.freed()
    })
    this.active.set(job.id, working)
  }

  private async work({ id, data }: PgBoss.Job<StackJob>): Promise<void> {
    const { boss, fleet, work, log } = this.parts
    try {
      const stack = fleet().stacks.find(({ name }) => name === data.stack)
      // It left the fleet file, or is in one that this replica has not seen yet: then it is queued again.
      if (stack !== undefined) await work(stack)
      await boss.complete(queues.stack, id)
    } catch (cause) {
      log.error('A run could not be brought to its end', { stack: data.stack, err: cause })
      const why = cause instanceof Failure ? cause.message : 'unexpected error'
      // Where even that cannot be said, the job expires, and the stack is due again as soon as its lease ends.
      await boss.fail(queues.stack, id, { why }).catch(() => undefined)
    }
  }

  /** Ends early where there is room for more, or where it is to stop. One listener for all: runs end many times a second. */
  private async rest(time: Milliseconds): Promise<void> {
    if (this.parts.stopping.aborted) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, time)
      this.freed = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Works on all that is queued now, without ticks to come. */
  async drain(): Promise<void> {
    const { boss, db, sync, stopping, parallelism } = this.parts
    await sync()
    await tick(boss, db)
    while (!stopping.aborted) {
      const room = parallelism - this.active.size
      const jobs = room <= 0 ? [] : await boss.fetch<StackJob>(queues.stack, { batchSize: room })
      for (const job of jobs) this.begin(job)
      if (jobs.length === 0 && this.active.size === 0) return
      if (jobs.length === 0) await Promise.race(this.active.values())
    }
    await this.finish()
  }

  private async finish(): Promise<void> {
    const { log } = this.parts
    if (this.active.size === 0) return
    log.info('Finishing what is in flight', { runs: this.active.size })
    const done = Promise.all(this.active.values()).then(() => true)
    const isDone = await Promise.race([done, wait(shutdownTime, false, { ref: false })])
    if (!isDone) log.error('Ended with work in flight: other replicas finish it', { runs: this.active.size })
  }
}
