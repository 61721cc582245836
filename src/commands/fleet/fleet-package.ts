import type { Context } from '../../context.ts'
import type { FleetStatus } from '../../model/fleet-status.ts'
import type { Secret } from '../../model/secret.ts'
import type { FleetDatabase } from '../../runtime/fleet-database.ts'

/** Options of `fleet run`. */
export interface FleetRunOptions {
  /** The fleet file. */
  readonly fleet: string
  /** The address for /healthz, /readyz and /metrics; null: none. */
  readonly listen: string | null
  /** How many stacks this replica works on at once. */
  readonly parallelism: number
  /** Work on what is due, once, then end. */
  readonly once: boolean
  /** Say more in the log. */
  readonly verbose: boolean
}

export interface FleetStatusOptions {
  readonly fleet: string | null
  readonly json: boolean
}

export interface FleetMigrateOptions {
  /** Also take away what replicas of older versions use. */
  readonly contract: boolean
  /** Show what would be done. */
  readonly dryRun: boolean
  readonly json: boolean
}

/** Goes up with each change of `FleetPackage` that is not compatible. */
export const fleetProtocol = 1

/** What the package `fluxloop-keys-fleet` exports. */
export interface FleetPackage {
  readonly protocol: typeof fleetProtocol
  /** Of the package. */
  readonly version: string
  openFleetDatabase(url: Secret): Promise<FleetDatabase>
  /** For the page of `ui`. Rejects with a Failure where the database cannot be asked. */
  readFleetStatus(url: Secret): Promise<FleetStatus>
  runFleet(options: FleetRunOptions, context: Context): Promise<number>
  showFleetStatus(options: FleetStatusOptions, context: Context): Promise<number>
  migrateFleet(options: FleetMigrateOptions, context: Context): Promise<number>
}
