import type { Milliseconds } from '../../../src/model/duration.ts'
import type { Secret } from '../../../src/model/secret.ts'
import type { FleetDatabase } from '../../../src/runtime/fleet-database.ts'
import { hashCredential } from '../budget/credential.ts'
import type { Connection } from '../database/connect.ts'
import { openBoss } from '../database/queues.ts'
import type { Fleet, FleetStack, StackMode } from '../file/fleet.ts'
import type { Log } from '../log/replica-log.ts'
import type { Metrics } from '../serve/metrics.ts'
import type { SharedBudget } from './budgeted.ts'
import { ReplicaLoop } from './replica.ts'
import { SharedListings } from './shared-listing.ts'
import { countStacks, syncStacks } from './stack-rows.ts'
import { workOnStack } from './work-on-stack.ts'
import type { Workshop } from './workshop.ts'

/** What a replica is made of. */
export interface ReplicaOptions {
  readonly version: string
  readonly connection: Connection
  readonly database: FleetDatabase
  readonly budgetOf: (credential: string) => SharedBudget
  /** As the fleet file is now. */
  readonly fleet: () => Fleet
  readonly digestOf: (stack: FleetStack) => string
  readonly credentialOf: (stack: FleetStack) => Promise<Secret>
  readonly placeOf: Workshop['placeOf']
  readonly environmentOf: (stack: FleetStack) => NodeJS.ProcessEnv
  readonly modeNow: (stack: FleetStack) => StackMode
  readonly dueIn: (stack: FleetStack, failures: number) => Milliseconds
  readonly busyPause?: Milliseconds
  readonly ended: Workshop['ended']
  readonly afterTick: () => Promise<void>
  readonly beat: () => void
  readonly metrics: Metrics
  readonly log: Log
  /** How many stacks are worked on at once. */
  readonly parallelism: number
  /** How many changes of one stack are worked on at once. */
  readonly changesAtOnce: number
  readonly tick: Milliseconds
  readonly stopping: AbortSignal
}

/**
 * Brings the rows up to the fleet file, as soon as it says something else than it did when this replica last looked, or the rows are not
 * there any more.
 */
function syncing({ connection: { db }, fleet, digestOf }: ReplicaOptions): () => Promise<void> {
  let synced: Fleet | null = null
  return async () => {
    const now = fleet()
    if (now === synced && (await countStacks(db)) >= now.stacks.length) return
    await syncStacks(db, now.stacks, digestOf)
    synced = now
  }
}

/** Works until it is to stop. `once`: on what is due now, and ends. */
export async function runReplica(options: ReplicaOptions, once: boolean): Promise<void> {
  const { connection, log, parallelism, stopping, tick } = options
  const workshop: Workshop = {
    ...options,
    db: connection.db,
    listings: new SharedListings(connection.db),
    hashOf: hashCredential,
    parallelism: options.changesAtOnce,
  }
  const boss = openBoss(connection)
  boss.on('error', cause => log.warn('The queue has trouble', { err: cause }))
  await boss.start()
  const loop = new ReplicaLoop({
    ...{ boss, db: connection.db, log, parallelism, stopping, every: tick },
    fleet: options.fleet,
    sync: syncing(options),
    work: stack => workOnStack(stack, workshop),
    afterTick: options.afterTick,
    beat: options.beat,
    metrics: options.metrics,
  })
  try {
    await (once ? loop.drain() : loop.run())
  } finally {
    await boss.stop({ graceful: false, wait: false })
  }
}
