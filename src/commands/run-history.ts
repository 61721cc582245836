import type { Context } from '../context.ts'
import type { Instant } from '../model/duration.ts'
import type { ReadLog } from '../runtime/run-log.ts'
import { Failure } from '../model/failure.ts'
import { type OpenFleet, openFleet, openFleetToLook, tellFleetAway } from './fleet/open-fleet.ts'
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

/** A page is about more than history: where the fleet cannot be asked, it goes without, and that is said. */
const withoutHistory = 'its history is left out'

/** The same history, of which nothing is there where the fleet goes away while it is read. */
function forgiving(history: RunHistory, context: Context): RunHistory {
  return {
    read: async since => {
      try {
        return await history.read(since)
      } catch (cause) {
        tellFleetAway(cause, withoutHistory, context)
        return { lines: [], unreadable: 0 }
      }
    },
  }
}

/** What a page shows of history: of the fleet, else of the log that the environment names; null: there is none of them. */
export async function findHistoryForPage(context: Context): Promise<RunHistory | null> {
  const fleet = await openFleetToLook(context, withoutHistory)
  if (fleet !== null) return forgiving({ read: async since => await readFleet(fleet, since) }, context)
  return logHistory(null, context)
}

function logHistory(asked: string | null, context: Context): RunHistory | null {
  const path = logPath(asked, context)
  return path === null ? null : { read: async () => await context.readLog(path) }
}

async function openFleetForHistory(context: Context): Promise<OpenFleet | null> {
  try {
    return await openFleet(context)
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    const hints = [...cause.hints, 'To read the log of one machine instead: --log FILE.']
    throw new Failure(cause.code, cause.message, { hints, cause })
  }
}

/** The log that was asked for, else the history of the fleet, else the log that the environment names; null: there is none of them. */
export async function findHistory(asked: string | null, context: Context): Promise<RunHistory | null> {
  const fleet = asked === null ? await openFleetForHistory(context) : null
  if (fleet !== null) return { read: async since => await readFleet(fleet, since) }
  return logHistory(asked, context)
}
