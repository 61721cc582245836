import { sql } from 'kysely'
import type { Instant } from '../../../src/model/duration.ts'
import type { Database } from '../database/connect.ts'
import { queueSchema, queues } from '../database/queues.ts'
import type { QueueState } from '../serve/metrics.ts'

const jobs = sql.table(`${queueSchema}.job`)

/** When any replica did the last tick; null: none did within the time that the queue keeps jobs. */
export async function lastTick(db: Database): Promise<Instant | null> {
  const { rows } = await sql<{ at: Instant | null }>`
    select max(completed_on) as at from ${jobs} where name = ${queues.tick}`.execute(db)
  return rows[0]?.at ?? null
}

const states: Readonly<Record<string, QueueState>> = {
  created: 'waiting',
  active: 'active',
  retry: 'retry',
  failed: 'failed',
}

/** How many jobs of stacks are in each state, as far as the queue still has them. */
export async function countJobs(db: Database): Promise<Readonly<Record<QueueState, number>>> {
  const counts: Record<QueueState, number> = { waiting: 0, active: 0, retry: 0, failed: 0 }
  const { rows } = await sql<{ state: string; count: number }>`
    select state::text as state, count(*)::int as count from ${jobs} where name = ${queues.stack} group by 1`.execute(
    db,
  )
  for (const { state, count } of rows) {
    const known = states[state]
    if (known !== undefined) counts[known] = count
  }
  return counts
}
