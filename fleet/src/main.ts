// What the tool loads, see src/commands/fleet/fleet-package.ts.
import manifest from '../package.json' with { type: 'json' }
import { type FleetPackage, fleetProtocol } from '../../src/commands/fleet/fleet-package.ts'
import { openFleetDatabase as open } from './open-fleet-database.ts'

export const protocol: FleetPackage['protocol'] = fleetProtocol
export const { version } = manifest
export const openFleetDatabase: FleetPackage['openFleetDatabase'] = url => open(url)
export { migrateFleet } from './commands/fleet-migrate-command.ts'
export { runFleet } from './commands/fleet-run-command.ts'
export { readFleetStatus, showFleetStatus } from './commands/fleet-status-command.ts'
