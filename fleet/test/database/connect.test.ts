import { createServer } from 'node:net'
import { once } from 'node:events'
import { inspect } from 'node:util'
import { sql } from 'kysely'
import t from 'tap'
import { Failure } from '../../../src/model/failure.ts'
import { Secret } from '../../../src/model/secret.ts'
import { connect } from '../../src/database/connect.ts'
import { requireVersion, waitForVersion } from '../../src/database/version.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openFleetDatabase } from '../../src/open-fleet-database.ts'
import { freePort, needsPrograms } from '../support/daemon.ts'
import { fleetDatabaseForTest } from '../support/fleet-database.ts'
import { postgresForTest, testPassword } from '../support/postgres.ts'

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('it did not fail')
}

t.test('says which database cannot be reached, and not by whose password', async t => {
  const port = await freePort()
  const url = new Secret(`postgresql://ada:${testPassword}@127.0.0.1:${port}/fleet`)
  const failure = await failureOf(openFleetDatabase(url))
  t.equal(failure.code, 'network')
  t.equal(
    failure.message,
    `Cannot reach the database "fleet" at 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
  )
  t.notMatch(inspect(failure, { depth: 10 }), new RegExp(`${testPassword}|ada`))
})

t.test('gives up a server that takes connections and never answers', async t => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : null
  const connection = connect(new Secret(`postgresql://127.0.0.1:${port}/fleet`), { connectTimeout: 300 })
  const failure = await failureOf(connection.guard(() => sql`select 1`.execute(connection.db)))
  t.equal(failure.code, 'network')
  await connection.close()
})

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('gives up a statement that takes too long, and its connection with it', async t => {
    const database = await fleetDatabaseForTest(t, postgres)
    const connection = database.connect({ most: 1, queryTimeout: 300 })
    const failure = await failureOf(connection.guard(() => sql`select pg_sleep(60)`.execute(connection.db)))
    t.equal(failure.code, 'network')
    const { rows } = await sql`select 'own' as answer`.execute(connection.db)
    t.strictSame(rows, [{ answer: 'own' }], 'not the answer to the statement before')
  })

  t.test('says what the server refuses, and what to do about it', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    const missing = database.url.reveal().replace(database.name, 'nowhere')
    t.match(await failureOf(openFleetDatabase(new Secret(missing))), {
      code: 'not-found',
      message: /database "nowhere" at 127\.0\.0\.1:\d+ does not exist/,
    })
    t.match(await failureOf(openFleetDatabase(database.urlAs('nobody'))), {
      code: 'authentication',
      message: /refuses the login/,
    })
    await database.sql('drop schema fluxloop_keys cascade')
    t.match(await failureOf(requireVersion(connection)), {
      code: 'conflict',
      message: /has no tables of a fleet/,
      hints: [/fleet migrate/],
    })
  })

  t.test('is refused by a database of which a newer version took something away', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    await database.sql(`insert into fluxloop_keys.migration (version, name) values (3, 'next')`)
    await requireVersion(connection)
    await database.sql('update fluxloop_keys.migration set contracted_at = now() where version = 3')
    const failure = { code: 'conflict', message: /needs version 3 of the fleet's tables or newer; this is 2/ }
    await t.rejects(requireVersion(connection), failure)
    await t.rejects(waitForVersion(connection, { signal: new AbortController().signal }), failure)
  })

  t.test('waits for the database, and then for the version', async t => {
    const { url } = await postgres.database()
    await postgres.stop()
    const connection = connect(url)
    t.teardown(() => connection.close())
    const why: string[] = []
    const waiting = waitForVersion(connection, {
      signal: new AbortController().signal,
      pause: 20,
      onWait: failure => why.push(failure.code),
    })
    await postgres.start()
    await migrate(connection)
    await waiting
    t.strictSame([...new Set(why)].slice(0, 2), ['network', 'conflict'])
    const stopped = new AbortController()
    const stopping = waitForVersion(connection, { signal: stopped.signal, required: 3 })
    stopped.abort()
    await t.rejects(stopping, {
      ...{ code: 'interrupted', exitCode: 130 },
      message: /^Interrupted while waiting for the database: .*has version 2.*needs version 3/,
    })
  })

  t.test('goes on where the server stops with statements and transactions in flight', async t => {
    const { connection } = await fleetDatabaseForTest(t, postgres)
    const statement = failureOf(connection.guard(() => sql`select pg_sleep(60)`.execute(connection.db)))
    const transaction = failureOf(
      connection.guard(() =>
        connection.db.transaction().execute(async own => {
          await sql`select 1`.execute(own)
          await postgres.restart()
          await sql`select 1`.execute(own)
        }),
      ),
    )
    t.equal((await statement).code, 'network')
    t.equal((await transaction).code, 'network')
    const { rows } = await sql`select 1 as answer`.execute(connection.db)
    t.strictSame(rows, [{ answer: 1 }])
  })

  t.test('sends no options of the environment, which pgbouncer would refuse', async t => {
    if (!needsPrograms(t, 'pgbouncer')) return
    const database = await fleetDatabaseForTest(t, postgres)
    const through = (await postgres.bouncer())(database.url)
    process.env['PGOPTIONS'] = '-c search_path=elsewhere'
    t.teardown(() => delete process.env['PGOPTIONS'])
    await requireVersion(database.connect({ url: through }))
  })
}
