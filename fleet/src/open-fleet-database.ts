import { second } from '../../src/model/duration.ts'
import type { Secret } from '../../src/model/secret.ts'
import type { FleetDatabase } from '../../src/runtime/fleet-database.ts'
import { connect, type Connection } from './database/connect.ts'
import { requireVersion } from './database/version.ts'
import { type LeaseOptions, takeLease } from './lease/take-lease.ts'
import { readLines } from './ledger/log-rows.ts'
import { readUsage, recordUsage } from './ledger/usage-rows.ts'
import { openLogWriter } from './ledger/log-writer.ts'

/**
 * Leases have connections of their own, which give up early: a renewal must neither wait behind the history of a run, nor for a database
 * that does not answer.
 */
export function connectForLeases(url: Secret): Connection {
  return connect(url, { most: 3, connectTimeout: 4 * second, queryTimeout: 4 * second })
}

/** What runs of stacks need of the database. Closing it writes what is left of the history, and leaves the connections open. */
export function fleetDatabaseOver(
  connections: { readonly history: Connection; readonly leases: Connection },
  options: LeaseOptions = {},
): FleetDatabase {
  const { history, leases } = connections
  const writer = openLogWriter(history)
  return {
    takeLease: (target, asked) => takeLease(leases, target, asked, options),
    append: (place, line) => writer.append(place, line),
    readLog: choice => history.guard(() => readLines(history.db, choice)),
    readUsage: (whose, since) => history.guard(() => readUsage(history.db, { ...whose, since })),
    recordUsage: (whose, looks) => history.guard(() => recordUsage(history.db, whose, looks)),
    close: () => writer.flush(),
  }
}

/** Rejects with a Failure where the database cannot be reached, or where this version does not work with its tables. */
export async function openFleetDatabase(url: Secret, options: LeaseOptions = {}): Promise<FleetDatabase> {
  const connections = { history: connect(url, { most: 2 }), leases: connectForLeases(url) }
  const disconnect = async () => {
    await Promise.all([connections.history.close(), connections.leases.close()])
  }
  try {
    await requireVersion(connections.history)
  } catch (error) {
    await disconnect()
    throw error
  }
  const database = fleetDatabaseOver(connections, options)
  return {
    ...database,
    async close() {
      try {
        await database.close()
      } finally {
        await disconnect()
      }
    },
  }
}
