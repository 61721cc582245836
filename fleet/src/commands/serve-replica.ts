import type { Instant } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Connection } from '../database/connect.ts'
import { requireVersion } from '../database/version.ts'
import { countJobs, lastTick } from '../engine/queue-state.ts'
import { type Health, type Pulse, readiness } from '../serve/replica-health.ts'
import type { Metrics } from '../serve/metrics.ts'
import { type OperationsServer, serveOperations } from '../serve/serve-operations.ts'
import { readStatus } from '../status/read-status.ts'

/** Whether this replica can do its work, as the database says. */
async function isReady(connection: Connection, stopping: AbortSignal, now: Instant): Promise<Health> {
  const trouble = await requireVersion(connection).then(
    () => null,
    (cause: unknown) => (cause instanceof Failure ? cause.message : 'unexpected error'),
  )
  const tick = trouble === null ? await lastTick(connection.db) : null
  return readiness({ stopping: stopping.aborted, databaseTrouble: trouble, lastTick: tick }, now)
}

/** What the database knows of the whole fleet, for whoever asks this replica for its metrics. `shown`: the stacks of the last time. */
async function refresh(
  { db }: Connection,
  accounts: ReadonlyMap<string, string>,
  metrics: Metrics,
  shown: Set<string>,
): Promise<void> {
  const [status, jobs] = await Promise.all([readStatus(db, accounts), countJobs(db)])
  metrics.stacksByState(status.totals)
  metrics.queued(jobs)
  const gone = new Set(shown)
  for (const { name, failures, nextEvent } of status.stacks) {
    metrics.failuresInARow(name, failures)
    // A key that expires without a rotation before it needs one.
    const isRotation = nextEvent !== null && /^(rotates|expires) /.test(nextEvent.event)
    metrics.rotationDue(name, isRotation ? nextEvent.at : null)
    gone.delete(name)
    shown.add(name)
  }
  for (const name of gone) {
    metrics.forgetStack(name)
    shown.delete(name)
  }
  for (const { account, remaining } of status.credentials)
    if (account !== null) metrics.budgetLeft(account, remaining)
}

/** Serves the health and the metrics of this replica. */
export async function serveReplica(
  listen: string,
  {
    connection,
    accounts,
    metrics,
    pulse,
    stopping,
  }: {
    readonly connection: Connection
    /** The names of accounts by the hashes of their credentials, as far as they are known. */
    readonly accounts: ReadonlyMap<string, string>
    readonly metrics: Metrics
    readonly pulse: Pulse
    readonly stopping: AbortSignal
  },
): Promise<OperationsServer> {
  const shown = new Set<string>()
  return await serveOperations({
    listen,
    metrics: {
      contentType: metrics.contentType,
      render: async () => {
        // Where the database is away, what this replica knows itself is shown.
        await refresh(connection, accounts, metrics, shown).catch(() => undefined)
        return await metrics.render()
      },
    },
    isReady: () => isReady(connection, stopping, Date.now()),
    isAlive: () => pulse.check(),
  })
}
