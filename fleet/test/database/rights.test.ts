import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import { connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openBoss, queues } from '../../src/database/queues.ts'
import { requireVersion } from '../../src/database/version.ts'
import { correctBudget, takeRequests } from '../../src/budget/take-requests.ts'
import { openFleetDatabase } from '../../src/open-fleet-database.ts'
import { recordFindings } from '../../src/ledger/finding-rows.ts'
import { forgetOld } from '../../src/ledger/retention.ts'
import { beginRun, endRun } from '../../src/ledger/runs.ts'
import { recordUsage } from '../../src/ledger/usage-rows.ts'
import { askForListing, giveUpListing, storeListing } from '../../src/listing/listing.ts'
import { changeLine, runLine } from '../support/log-lines.ts'
import { postgresForTest } from '../support/postgres.ts'

const rights = await readFile(new URL('../../deploy/rights.sql', import.meta.url), 'utf8')
const place = { origin: 'https://api.example', stack: 'shop', epoch: null, fleetStack: null }
const at = '2026-03-01T10:00:00.000Z'
const asked = { command: 'apply', host: 'h', user: 'u', patience: 0, onWait: () => undefined }

const postgres = await postgresForTest(t)
if (postgres !== null) {
  const urls = new Map<'runner' | 'apply', Secret>()
  const urlOf = (role: 'runner' | 'apply') => urls.get(role) ?? new Secret('')

  t.test('the role migrator makes everything that the others use', async t => {
    const database = await postgres.database()
    await database.sql(rights)
    const owner = connect(database.urlAs('fluxloop_keys_migrator'))
    t.teardown(() => owner.close())
    await migrate(owner)
    t.strictSame(await migrate(owner), [])
    for (const role of ['runner', 'apply'] as const) urls.set(role, database.urlAs(`fluxloop_keys_${role}`))
  })

  for (const role of ['runner', 'apply'] as const) {
    t.test(`leases and history work as the role ${role}`, async t => {
      const fleet = await openFleetDatabase(urlOf(role))
      const { lease } = await fleet.takeLease({ ...place, stack: role }, asked)
      await fleet.append(place, runLine(`run-${role}`, at))
      await fleet.append(place, changeLine(`run-${role}`, at, 'ci'))
      const lines = await fleet.readLog({ origin: null, stack: null, since: null })
      t.equal(lines.filter(({ run }) => run === `run-${role}`).length, 2)
      await lease?.release()
      const again = await fleet.takeLease({ ...place, stack: role }, asked)
      t.ok(again.lease)
      await again.lease?.release()
      await fleet.close()
    })

    t.test(`nothing can be created, changed or dropped as the role ${role}`, async t => {
      const connection = connect(urlOf(role))
      t.teardown(() => connection.close())
      for (const statement of [
        'create table fluxloop_keys.more (a int)',
        'create schema more',
        'alter table fluxloop_keys.run add column more int',
        'drop table fluxloop_keys.run',
        'truncate fluxloop_keys.run',
        'create index on fluxloop_keys.run (exit_code)',
        'delete from fluxloop_keys.lease',
        `insert into fluxloop_keys.migration (version, name) values (99, 'mine')`,
        `select fluxloop_keys_queue.create_queue('more', '{"policy": "standard"}')`,
      ])
        await t.rejects(connection.boss.executeSql(statement), { code: '42501' }, statement)
    })
  }

  t.test('everything that a replica does works as the role runner', async t => {
    const connection = connect(urlOf('runner'))
    t.teardown(() => connection.close())
    const { db } = connection
    await requireVersion(connection)
    const by = {
      account: 'a',
      host: 'h',
      user: 'u',
      keyId: null,
      keyName: null,
      plan: {},
      age: 0,
      widens: false,
    }
    await beginRun(db, { ...place, ...by, run: 'run-3', mode: 'plan' })
    await endRun(db, 'run-3', { exitCode: 0, requests: 1 })
    const own = { origin: place.origin, account: 'a', stack: 'shop' }
    const finding = {
      rule: 'r',
      severity: 'high',
      keyId: null,
      liveId: null,
      message: 'm',
      suppressed: false,
    }
    await recordFindings(db, own, [{ ...finding, fingerprint: 'f' }])
    t.match(await recordFindings(db, own, []), [{ to: 'resolved' }])
    await recordUsage(db, own, [{ liveId: 'k', day: '2026-03-01', requests: 1, body: null }])
    t.strictSame(await takeRequests(db, 'c', 1, 'plan'), { taken: true })
    await correctBudget(db, 'c', { limit: 10, remaining: 5, resetIn: 1_000 })
    const listing = await askForListing(db, 'c', { age: 1, hold: 60_000 })
    if (listing.kind !== 'yours') throw new Error(listing.kind)
    await giveUpListing(db, 'c', listing.right)
    const next = await askForListing(db, 'c', { age: 1, hold: 60_000 })
    t.ok(next.kind === 'yours' && (await storeListing(db, 'c', next.right, '[]')))
    await db
      .insertInto('stack')
      .values({ id: 's', origin: 'o', stack: 's', mode: 'plan', digest: 'd', priority: 0 })
      .execute()
    await db.updateTable('stack').set({ state: 'in-sync' }).execute()
    await db.deleteFrom('stack').execute()
    await db.insertInto('notice').values({ subject: 's', state: 'failing' }).execute()
    await db.deleteFrom('notice').execute()
    // The run of the log above is old.
    t.ok((await forgetOld(db, { keep: 0 })) > 0)
  })

  t.test('the queues work as the role runner, with their maintenance', async t => {
    const connection = connect(urlOf('runner'))
    t.teardown(() => connection.close())
    const boss = openBoss(connection)
    await boss.start()
    const done = new Promise<string>((resolve, reject) => {
      boss.on('error', reject)
      void boss.work<{ stack: string }>(queues.stack, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
        resolve(job?.data.stack ?? '')
      })
    })
    await boss.send(queues.tick, {}, { singletonSeconds: 10 })
    await boss.insert([{ name: queues.stack, data: { stack: 'shop' }, singletonKey: 'shop', priority: 5 }])
    t.equal(await done, 'shop')
    await wait(100)
    await boss.maintain()
    await boss.stop({ graceful: false })
  })
}
