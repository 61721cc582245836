import t from 'tap'
import { connect } from '../../src/database/connect.ts'
import { migrate, planMigration } from '../../src/database/migrate.ts'
import { readVersion } from '../../src/database/version.ts'
import { needsPrograms } from '../support/daemon.ts'
import { postgresForTest } from '../support/postgres.ts'

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('brings an empty database to the newest version, once', async t => {
    const { url } = await postgres.database()
    const connection = connect(url)
    t.teardown(() => connection.close())
    t.strictSame(await readVersion(connection.db), { expanded: 0, contracted: 0 })
    const planned = await planMigration(connection)
    t.strictSame(await readVersion(connection.db), { expanded: 0, contracted: 0 }, 'planning changes nothing')
    t.strictSame(await migrate(connection), planned)
    t.strictSame(await readVersion(connection.db), { expanded: 2, contracted: 0 })
    t.strictSame(await planMigration(connection), [])
    t.strictSame(await migrate(connection), [])
  })

  t.test('is applied once where several apply it at the same time, behind pgbouncer', async t => {
    if (!needsPrograms(t, 'pgbouncer')) return
    const database = await postgres.database()
    const through = await postgres.bouncer()
    const connections = [0, 1, 2].map(() => connect(through(database.url)))
    t.teardown(() => Promise.all(connections.map(one => one.close())))
    await Promise.all(connections.map(one => migrate(one, { pause: 50 })))
    t.strictSame(await database.sql('select version, name from fluxloop_keys.migration order by version'), [
      { version: 1, name: '0001-begin' },
      { version: 2, name: '0002-finding-state' },
    ])
  })
}
