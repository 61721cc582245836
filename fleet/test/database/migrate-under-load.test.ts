import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import t from 'tap'
import { connect, type Connection } from '../../src/database/connect.ts'
import { migrate, type MigrationStep } from '../../src/database/migrate.ts'
import { migrations } from '../../src/database/migrations.ts'
import { readinessOf, readVersion, requireVersion, waitForVersion } from '../../src/database/version.ts'
import { readFindings, recordFindings } from '../../src/ledger/finding-rows.ts'
import { postgresForTest, type TestDatabase } from '../support/postgres.ts'
import { type OldReplica, startOldReplica } from '../support/version-1.ts'

const names = ['one', 'two', 'three']

async function atVersion1(database: TestDatabase, findings: number): Promise<Connection> {
  const connection = connect(database.url)
  await migrate(connection, { known: migrations.slice(0, 1) })
  await database.sql(
    `insert into fluxloop_keys.finding (origin, account, stack, fingerprint, rule, severity, message, resolved)
     select 'o', 'a', 'old', n, 'r', 'high', 'm', n % 2 = 0 from generate_series(1, $1::int) n`,
    [findings],
  )
  return connection
}

async function someRounds(replicas: readonly OldReplica[]): Promise<void> {
  const before = replicas.map(({ rounds }) => rounds)
  while (replicas.some(({ rounds }, index) => rounds < (before[index] ?? 0) + 3)) await wait(20)
}

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('goes from version 1 to 2 while replicas of 1 work, and somebody sits on a lock', async t => {
    const database = await postgres.database()
    const connection = await atVersion1(database, 2_500)
    t.teardown(() => connection.close())
    const replicas = await Promise.all(names.map(name => startOldReplica(database.url, name)))
    await someRounds(replicas)

    // A report that reads for long: nothing can be changed about the table meanwhile.
    const reader = new Client({ connectionString: database.url.reveal() })
    await reader.connect()
    await reader.query('begin; select count(*) from fluxloop_keys.finding')
    const isReady = waitForVersion(connection, { signal: new AbortController().signal, pause: 20 })
    const retried: MigrationStep[] = []
    const migrating = migrate(connection, {
      lockTimeout: 100,
      pause: 100,
      batch: 100,
      onRetry: step => retried.push(step),
    })
    while (retried.length < 3) await wait(20)
    await someRounds(replicas)
    t.strictSame(await readVersion(connection.db), { expanded: 1, contracted: 0 })
    await reader.query('commit')
    await reader.end()
    t.strictSame(await migrating, [{ name: '0002-finding-state', part: 'expand' }])
    await isReady

    // Side by side, on the same rows.
    await someRounds(replicas)
    for (const name of names) {
      const place = { origin: 'o', account: 'a', stack: `stack-${name}` }
      const finding = { rule: 'r', severity: 'high', keyId: null, liveId: null, message: 'm' }
      for (const suppressed of [true, false])
        await recordFindings(connection.db, place, [{ ...finding, fingerprint: 'f1', suppressed }])
    }
    await someRounds(replicas)
    for (const replica of replicas) await replica.stop()
    t.strictSame(
      await database.sql(
        `select count(*)::int as wrong from fluxloop_keys.finding
         where state is null or (state = 'resolved') is distinct from resolved`,
      ),
      [{ wrong: 0 }],
    )
    t.equal((await readFindings(connection.db, { stack: 'old' })).length, 1_250)
  })

  t.test('takes nothing away before it is asked to, and then refuses version 1', async t => {
    const database = await postgres.database()
    const connection = await atVersion1(database, 10)
    t.teardown(() => connection.close())
    await migrate(connection)
    t.equal(readinessOf(await readVersion(connection.db), 1), null)
    t.strictSame(await migrate(connection, { contract: true }), [
      { name: '0002-finding-state', part: 'contract' },
    ])
    t.equal(readinessOf(await readVersion(connection.db), 1), 'too-new')
    await requireVersion(connection)
    const place = { origin: 'o', account: 'a', stack: 'old' }
    t.equal((await recordFindings(connection.db, place, [])).length, 5)
    const old = await startOldReplica(database.url, 'one')
    await t.rejects(old.stop(), { code: '42703' })
    t.strictSame(await migrate(connection, { contract: true }), [])
  })

  t.test('goes on where a migration was broken off between its parts', async t => {
    const database = await postgres.database()
    const connection = await atVersion1(database, 250)
    t.teardown(() => connection.close())
    const [first, second] = migrations
    if (first === undefined || second === undefined) throw new Error('there are two')
    let batches = 0
    const broken = {
      ...second,
      backfill: async (...args: Parameters<NonNullable<typeof second.backfill>>) => {
        batches += 1
        if (batches > 1) throw new Error('killed')
        return (await second.backfill?.(...args)) ?? false
      },
    }
    await t.rejects(migrate(connection, { known: [first, broken], batch: 50, attempts: 1 }))
    t.strictSame(await readVersion(connection.db), { expanded: 1, contracted: 0 })
    await migrate(connection, { batch: 50 })
    t.strictSame(await readVersion(connection.db), { expanded: 2, contracted: 0 })
    t.equal((await readFindings(connection.db)).length, 125)
  })
}
