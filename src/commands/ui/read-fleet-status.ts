import { Failure } from '../../model/failure.ts'
import type { FleetStatus } from '../../model/fleet-status.ts'
import { databaseUrl } from '../fleet/database-url.ts'
import type { FleetPackage } from '../fleet/fleet-package.ts'

/** A fleet as far as it could be asked. */
export interface ReadFleet {
  /** Null: there is none, or it could not be asked. */
  readonly status: FleetStatus | null
  /** Why it could not; null: nothing went wrong. */
  readonly trouble: string | null
}

/** Reads the fleet of this environment. A page is about keys first, so what fails is a sentence on it, and ends nothing. */
export async function readFleet(
  env: NodeJS.ProcessEnv,
  load: () => Promise<Pick<FleetPackage, 'readFleetStatus'>>,
): Promise<ReadFleet> {
  try {
    const url = databaseUrl(env)
    if (url === null) return { status: null, trouble: null }
    const fleet = await load()
    return { status: await fleet.readFleetStatus(url), trouble: null }
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    return { status: null, trouble: `The fleet is not up to date: ${cause.message}.` }
  }
}
