import { Client } from 'pg'
import t from 'tap'
import { needsPrograms } from '../support/daemon.ts'
import { postgresForTest } from '../support/postgres.ts'

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('gives each test a database of its own', async t => {
    const [one, other] = [await postgres.database(), await postgres.database()]
    await one.sql('create table here (a int)')
    t.strictSame(await one.sql('select count(*)::int as n from here'), [{ n: 0 }])
    await t.rejects(other.sql('select 1 from here'), { code: '42P01' })
  })

  t.test('keeps data, port and URLs when it is restarted', async t => {
    const database = await postgres.database()
    await database.sql('create table here (a int)')
    await postgres.stop()
    await t.rejects(database.sql('select 1'), { code: 'ECONNREFUSED' })
    await postgres.start()
    t.strictSame(await database.sql('select count(*)::int as n from here'), [{ n: 0 }])
  })

  t.test('is reached through pgbouncer, where two clients share one session', async t => {
    if (!needsPrograms(t, 'pgbouncer')) return
    const database = await postgres.database()
    const through = await postgres.bouncer({ poolSize: 1 })
    const clients = [0, 1].map(() => new Client({ connectionString: through(database.url).reveal() }))
    for (const client of clients) await client.connect()
    const sessions: { pid: number }[] = []
    for (const client of clients)
      sessions.push(...(await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows)
    for (const client of clients) await client.end()
    t.strictSame(sessions[0], sessions[1])
  })
}
