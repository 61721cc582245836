// What the tool loads, see src/commands/fleet/fleet-package.ts.
import manifest from '../package.json' with { type: 'json' }
import { type FleetPackage, fleetProtocol } from '../../src/commands/fleet/fleet-package.ts'
import { requireDatabaseUrl } from '../../src/commands/fleet/database-url.ts'
import { Failure } from '../../src/model/failure.ts'

export const protocol: FleetPackage['protocol'] = fleetProtocol
export const { version } = manifest
export { readFleetStatus, showFleetStatus } from './commands/status.ts'

function notThereYet(what: string): Failure {
  return new Failure('failed', `fluxloop-keys-fleet ${version} cannot ${what} yet`)
}

export const openFleetDatabase: FleetPackage['openFleetDatabase'] = () =>
  Promise.reject(notThereYet('open a database'))

export const runFleet: FleetPackage['runFleet'] = (_options, context) => {
  requireDatabaseUrl(context.env)
  return Promise.reject(notThereYet('run a fleet'))
}

export const migrateFleet: FleetPackage['migrateFleet'] = (_options, context) => {
  requireDatabaseUrl(context.env)
  return Promise.reject(notThereYet('migrate a database'))
}
