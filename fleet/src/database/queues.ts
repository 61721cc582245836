import PgBoss from 'pg-boss'
import type { Connection } from './connect.ts'

/** Where pg-boss has its tables. */
export const queueSchema = 'fluxloop_keys_queue'

/** The queues of a fleet: made when it is migrated, since replicas may not create tables. */
export const queues = {
  tick: 'tick',
  stack: 'stack',
  /** Jobs of `stack` that failed as often as they may. */
  dead: 'stack-dead',
} as const

const minutes = 60

/** A job a stack waits at most; another one may wait while it runs. */
const queueOptions: readonly PgBoss.Queue[] = [
  {
    name: queues.dead,
    policy: 'short',
    retryLimit: 0,
    expireInSeconds: minutes,
    retentionMinutes: 7 * 24 * 60,
  },
  { name: queues.tick, policy: 'short', retryLimit: 0, expireInSeconds: 5 * minutes, retentionMinutes: 10 },
  {
    name: queues.stack,
    policy: 'short',
    retryLimit: 3,
    retryDelay: 15,
    retryBackoff: true,
    expireInSeconds: 30 * minutes,
    retentionMinutes: 24 * 60,
    deadLetter: queues.dead,
  },
]

/** Without anything that works by itself: no migrations, no cron. */
export function openBoss(
  { boss }: Connection,
  options: { readonly migrate?: boolean; readonly supervise?: boolean } = {},
): PgBoss {
  const { migrate = false, supervise = true } = options
  return new PgBoss({ db: boss, schema: queueSchema, migrate, supervise, schedule: false })
}

/**
 * Applies pg-boss's own migrations, each of which is a transaction with a lock timeout, and makes our queues. Where two do so at the
 * same time, one may fail with SQLSTATE 23505.
 */
export async function migrateQueues(connection: Connection): Promise<void> {
  const boss = openBoss(connection, { migrate: true, supervise: false })
  await boss.start()
  try {
    for (const options of queueOptions) {
      // Copies, since it writes into what it is given.
      await boss.createQueue(options.name, { ...options })
      await boss.updateQueue(options.name, { ...options })
    }
  } finally {
    await boss.stop({ graceful: false })
  }
}

/** Does the database lack tables of pg-boss, changes to them, or one of our queues as it is to be? */
export async function queuesAreDue(connection: Connection): Promise<boolean> {
  const boss = openBoss(connection, { supervise: false })
  try {
    await boss.start()
    const found = new Map((await boss.getQueues()).map(queue => [queue.name, new Map(Object.entries(queue))]))
    return queueOptions.some(({ name, ...options }) =>
      Object.entries(options).some(([option, value]) => found.get(name)?.get(option) !== value),
    )
  } catch (error) {
    // It has no other way to say which version of its tables it needs.
    if (error instanceof Error && /not installed|requires migrations/.test(error.message)) return true
    throw error
  } finally {
    await boss.stop({ graceful: false })
  }
}
