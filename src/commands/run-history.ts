import type { Context } from '../context.ts'
import type { Instant } from '../model/duration.ts'
import type { ReadLog } from '../runtime/run-log.ts'
import { type OpenFleet, openFleet } from './fleet/open-fleet.ts'
import { logPath } from './open-log.ts'

/** What runs did, oldest first: as one machine logged it, or as all machines of a fleet did. */
export interface RunHistory {
  /** `since`: at least the runs that began then or later; null: all. */
  read(since: Instant | null): Promise<ReadLog>
}

async function readFleet(fleet: OpenFleet, since: Instant | null): Promise<ReadLog> {
  try {
    const lines = await fleet.database.readLog({ origin: null, stack: null, since })
    return { lines, unreadable: 0 }
  } finally {
    await fleet.close()
  }
}

/** The log that was asked for, else the history of the fleet, else the log that the environment names; null: there is none of them. */
export async function findHistory(asked: string | null, context: Context): Promise<RunHistory | null> {
  const fleet = asked === null ? await openFleet(context) : null
  if (fleet !== null) return { read: async since => await readFleet(fleet, since) }
  const path = logPath(asked, context)
  return path === null ? null : { read: async () => await context.readLog(path) }
}
