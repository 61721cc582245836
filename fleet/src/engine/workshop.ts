import type { Milliseconds } from '../../../src/model/duration.ts'
import type { Secret } from '../../../src/model/secret.ts'
import type { FleetDatabase } from '../../../src/runtime/fleet-database.ts'
import type { Database } from '../database/connect.ts'
import type { FleetStack, StackMode } from '../file/fleet.ts'
import type { Log } from '../log/replica-log.ts'
import type { Metrics } from '../serve/metrics.ts'
import type { SharedBudget } from './budgeted.ts'
import type { Judgement } from './judge-run.ts'
import type { RecordedRun } from './record-run.ts'
import type { StackRun } from './run-stack.ts'
import type { SharedListings } from './shared-listing.ts'

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
  /** How long after a run that ended well (`failures`: 0), or did not that many times in a row, the next one is due. */
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
