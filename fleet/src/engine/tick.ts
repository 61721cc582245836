import type PgBoss from 'pg-boss'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import type { Database } from '../database/connect.ts'
import { queues } from '../database/queues.ts'
import { span } from '../log/span.ts'
import { dueStacks } from './stack-rows.ts'

/** What a job of the queue `stack` is about. */
export interface StackJob {
  /** The name in the fleet file. */
  readonly stack: string
}

/** More wait for the next tick: they are the least urgent ones. */
const mostDue = 5_000

/** Asks for a tick. Every replica does; one of them gets to do it, once in `every`. */
export async function askForTick(boss: PgBoss, every: Milliseconds): Promise<void> {
  await boss.send(queues.tick, {}, { singletonSeconds: Math.max(1, Math.round(every / second)) })
}

/** Queues a job for each stack that is due and not worked on; a stack that waits already is not queued twice. */
export async function tick(boss: PgBoss, db: Database): Promise<void> {
  await span('fleet.tick', {}, async note => {
    const due = await dueStacks(db, mostDue)
    note({ due: due.length })
    if (due.length === 0) return
    await boss.insert(
      due.map(({ id, priority }) => ({
        name: queues.stack,
        data: { stack: id } satisfies StackJob,
        singletonKey: id,
        priority,
      })),
    )
  })
}
