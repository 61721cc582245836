import t from 'tap'
import type { LogLine } from '../../src/model/log.ts'
import { connect } from '../src/database/connect.ts'
import { openFleetDatabase } from '../src/open-fleet-database.ts'
import { needsPrograms } from './support/daemon.ts'
import { fleetDatabaseForTest } from './support/fleet-database.ts'
import { changeLine, runLine } from './support/log-lines.ts'
import { postgresForTest } from './support/postgres.ts'

const target = { origin: 'https://api.example', stack: 'shop' }
const at = '2026-03-01T10:00:00.000Z'
const everything = { origin: null, stack: null, since: null }
const asked = { command: 'apply', host: 'desk', user: 'ada', patience: 0, onWait: () => undefined }

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('two runs behind pgbouncer share leases and history', async t => {
    if (!needsPrograms(t, 'pgbouncer')) return
    const database = await fleetDatabaseForTest(t, postgres)
    const url = (await postgres.bouncer({ poolSize: 2 }))(database.url)
    const [one, other] = [await openFleetDatabase(url), await openFleetDatabase(url)]
    const { lease } = await one.takeLease(target, asked)
    t.match(await other.takeLease(target, { ...asked, host: 'other' }), {
      lease: null,
      holder: { host: 'desk' },
    })
    t.ok((await other.takeLease({ ...target, stack: 'another' }, asked)).lease)
    const lines: readonly LogLine[] = [runLine('run-1', at), changeLine('run-1', at, 'ci')]
    const place = { ...target, epoch: lease?.epoch ?? null, fleetStack: null }
    for (const line of lines) await one.append(place, line)
    t.strictSame(await other.readLog(everything), lines)
    await lease?.release()
    await one.close()
    await other.close()
  })

  t.test('writes what is left of the history when it is closed, or says that it cannot', async t => {
    const database = await fleetDatabaseForTest(t, postgres)
    const fleets = [await openFleetDatabase(database.url), await openFleetDatabase(database.url)] as const
    const place = { ...target, epoch: null, fleetStack: null }
    await postgres.stop()
    await t.rejects(fleets[0].append(place, runLine('run-1', at)), { name: 'Failure', code: 'network' })
    await t.rejects(fleets[1].append(place, runLine('run-2', at)), { name: 'Failure', code: 'network' })
    await t.rejects(fleets[1].close(), { name: 'Failure', code: 'network' })
    await postgres.start()
    await fleets[0].close()
    const again = await openFleetDatabase(database.url)
    t.strictSame(await again.readLog(everything), [runLine('run-1', at)])
    await again.close()
  })

  t.test(
    'loses nothing but history and timing where the database is dropped in the middle of a run',
    async t => {
      const database = await fleetDatabaseForTest(t, postgres)
      const fleet = await openFleetDatabase(database.url)
      const { lease } = await fleet.takeLease(target, asked)
      await database.sql('drop schema fluxloop_keys cascade')
      await t.rejects(fleet.append({ ...target, epoch: 1, fleetStack: null }, runLine('run-1', at)), {
        name: 'Failure',
        code: 'configuration',
      })
      await t.rejects(fleet.takeLease(target, asked), { name: 'Failure', code: 'configuration' })
      lease?.requireHeld()
      await lease?.release()
      await t.rejects(fleet.close(), { name: 'Failure' })
    },
  )

  t.test('is not opened where the tables are of no version that it knows', async t => {
    const { url } = await postgres.database()
    await t.rejects(openFleetDatabase(url), {
      name: 'Failure',
      code: 'conflict',
      message: /no tables of a fleet/,
    })
    const connection = connect(url)
    t.teardown(() => connection.close())
    t.ok(await connection.guard(async () => true))
  })
}
