import type { FleetPackage } from '../../../src/commands/fleet/fleet-package.ts'
import { requireDatabaseUrl } from '../../../src/commands/fleet/database-url.ts'
import type { FleetStatus } from '../../../src/model/fleet-status.ts'
import type { Secret } from '../../../src/model/secret.ts'
import { jsonText } from '../../../src/render/text/json.ts'
import { connect } from '../database/connect.ts'
import { requireVersion } from '../database/version.ts'
import { readStatus } from '../status/read-status.ts'
import { statusToJson } from '../status/status-json.ts'
import { renderStatus } from '../status/status-text.ts'

/** What the database of a fleet knows. Rejects with a Failure where it cannot be asked, or lacks the tables. */
export async function readFleetStatus(url: Secret): Promise<FleetStatus> {
  const connection = connect(url, { most: 1 })
  try {
    await requireVersion(connection)
    return await connection.guard(() => readStatus(connection.db))
  } finally {
    await connection.close()
  }
}

/**
 * Shows a fleet. Ends with 0 whatever the stacks are in: the command did what it was asked for, and what a fleet is in is in its output
 * (`totals` of the JSON) and its metrics. Only where nothing can be shown does it end otherwise.
 */
export const showFleetStatus: FleetPackage['showFleetStatus'] = async ({ json }, { env, stdout }) => {
  const status = await readFleetStatus(requireDatabaseUrl(env))
  stdout.print(json ? jsonText(statusToJson(status)) : renderStatus(status, stdout))
  return 0
}
