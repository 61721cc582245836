// A replica as `fleet run` makes it, but for its timing: leases of half a minute and ticks of ten seconds are long for a test.
import { Secret } from '../../../src/model/secret.ts'
import { createStores } from '../../../src/stores/open.ts'
import { connect } from '../../src/database/connect.ts'
import { waitForVersion } from '../../src/database/version.ts'
import { fleetWork } from '../../src/engine/fleet-work.ts'
import { runReplica } from '../../src/engine/open-replica.ts'
import { resolveCredential } from '../../src/file/resolve-credential.ts'
import { readFleet } from '../../src/file/read-fleet.ts'
import { connectForLeases, fleetDatabaseOver } from '../../src/open-fleet-database.ts'
import { createLog } from '../../src/log/replica-log.ts'
import { createMetrics } from '../../src/serve/metrics.ts'
import type { ReplicaTiming } from './replica-process.ts'

const { env } = process
const timing = JSON.parse(env['REPLICA'] ?? '') as ReplicaTiming
const { file, lease, tick, retry, parallelism, once } = timing
const stopping = new AbortController()
process.on('SIGTERM', () => stopping.abort())

const url = new Secret(env['FLUXLOOP_KEYS_DATABASE_URL'] ?? '')
const log = createLog({ level: 'info', write: line => process.stderr.write(line) })
const reading = await readFleet(file, { cwd: process.cwd() })
if (!reading.ok) throw new Error(JSON.stringify(reading.diagnostics))
const { fleet } = reading
const connection = connect(url, { most: parallelism + 4 })
const connections = { history: connection, leases: connectForLeases(url) }
await waitForVersion(connection, { signal: stopping.signal })
const database = fleetDatabaseOver(connections, { duration: lease })
const stores = createStores({ env, keychainHelper: { command: 'false', args: [] } })
const work = fleetWork({
  ...{ connection, env, log, accounts: new Map(), version: '0.0.0-test', stopping: stopping.signal },
  fleet: () => fleet,
  resolve: reference => resolveCredential(reference, { env, stores: () => Promise.resolve(stores) }),
})
await runReplica(
  {
    ...{ version: '0.0.0-test', connection, database, log, parallelism, metrics: createMetrics() },
    ...{ stopping: stopping.signal, beat: () => undefined },
    ...work,
    ...{ tick, busyPause: retry },
    // What failed as the database went away is not to wait for its next interval.
    dueIn: (stack, failures) => (failures > 0 ? retry : work.dueIn(stack, 0)),
  },
  once,
)
await database.close().catch(() => undefined)
await Promise.all([connections.history.close(), connections.leases.close()])
