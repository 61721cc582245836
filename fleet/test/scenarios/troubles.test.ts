// What may happen to the database of a fleet while its replicas are at work.
import t, { type Test } from 'tap'
import { second } from '../../../src/model/duration.ts'
import type { Secret } from '../../../src/model/secret.ts'
import { needsPrograms } from '../support/daemon.ts'
import { type FleetScenario, fleetScenario, prepareDatabase } from '../support/fleet-scenario.ts'
import { type TestDatabase, postgresForTest } from '../support/postgres.ts'
import type { ReplicaProcess } from '../support/replica-process.ts'
import { terminate } from '../support/replica-process.ts'
import { epochFaults } from '../support/write-log.ts'

t.setTimeout(3_600_000)
const shape = { stacks: 6, keysOfEach: 4, lease: 4 * second }
const postgres = await postgresForTest(t)

/** Two replicas work on it, and `trouble` happens once after half of the writes. */
async function playWith(
  t: Test,
  database: TestDatabase,
  url: Secret,
  trouble: (scenario: FleetScenario, replicas: ReplicaProcess[]) => Promise<unknown>,
): Promise<void> {
  const scenario = await fleetScenario(t, database, shape, url)
  const { log, platform } = scenario
  await prepareDatabase(database.url, platform.administrator)
  const replicas = [0, 1].map(number => scenario.start(number))
  const troubles: Promise<unknown>[] = []
  log.onWrite = () => {
    const isHalf = log.writes.length > shape.stacks * shape.keysOfEach
    if (isHalf && troubles.length === 0) troubles.push(trouble(scenario, replicas))
  }
  await scenario.converged()
  await Promise.all(troubles)
  t.equal(troubles.length, 1)
  t.strictSame(await terminate(replicas), [])
  const { faults, late } = epochFaults(log.writes)
  t.strictSame(faults, [])
  t.strictSame(await scenario.faults(late), [])
  t.strictSame(await scenario.planFaults(), [])
}

if (postgres !== null) {
  t.test('converges where the server ends the connections of those that hold leases', async t => {
    const database = await postgres.database()
    await playWith(t, database, database.url, () =>
      database.sql(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`),
    )
  })

  t.test('converges where all its tables are dropped in the middle of a run, and made again', async t => {
    const database = await postgres.database()
    await playWith(t, database, database.url, async ({ platform }) => {
      await database.sql('drop schema fluxloop_keys, fluxloop_keys_queue cascade')
      await prepareDatabase(database.url, platform.administrator)
    })
  })

  t.test('converges behind pgbouncer in transaction mode, though replicas are killed', async t => {
    if (!needsPrograms(t, 'pgbouncer')) return
    const database = await postgres.database()
    const url = (await postgres.bouncer({ poolSize: 5 }))(database.url)
    await playWith(t, database, url, (scenario, replicas) => {
      replicas[1]?.child.kill('SIGKILL')
      replicas[1] = scenario.start(1)
      return Promise.resolve('killed')
    })
  })
}
