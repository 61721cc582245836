// The roles of deploy/rights.sql: what they are enough for, and what they are not.
import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { failed } from '../../../test/support/failed.ts'
import { connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openBoss, queues } from '../../src/database/queues.ts'
import { requireVersion } from '../../src/database/version.ts'
import { takeLease } from '../../src/lease/take-lease.ts'
import { type TestDatabase, postgresForTest } from '../support/postgres.ts'

const rights = await readFile(new URL('../../deploy/rights.sql', import.meta.url), 'utf8')

/** A connection of one role, closed at the end. */
function as(t: Test, database: TestDatabase, role: string) {
  const connection = connect(database.urlAs(role))
  t.teardown(() => connection.close())
  return connection
}

t.test('two roles are enough: one for the tables, and one for everything else', async t => {
  const postgres = await postgresForTest(t)
  if (postgres === null) return
  const database = await postgres.database()
  await database.sql(rights)
  await database.sql(rights)
  t.pass('it can be run twice')
  const [owner, user] = [as(t, database, 'fluxloop_keys_owner'), as(t, database, 'fluxloop_keys')]
  await migrate(owner, { contract: true })
  await requireVersion(user)

  const taken = await takeLease(
    user,
    { origin: 'https://api.fluxloop.ai', stack: 'acme' },
    { command: 'apply', host: 'desk', user: 'ada', patience: 0, onWait: () => undefined },
  )
  t.ok(taken.lease, 'a lease is taken')
  await taken.lease?.release()

  const boss = openBoss(user)
  boss.on('error', error => t.fail(error.message))
  await boss.start()
  await boss.send(queues.stack, { stack: 'acme' }, { singletonKey: 'acme' })
  const [job] = await boss.fetch(queues.stack)
  await boss.complete(queues.stack, job?.id ?? '')
  await boss.maintain()
  await boss.stop({ graceful: false })
  t.ok(job, 'a job of the queue was worked on, and the queue was cleaned up')

  for (const statement of [
    'create table fluxloop_keys.mine (id int)',
    'create table public.mine (id int)',
    'create schema mine',
    'create temporary table mine (id int)',
    'drop table fluxloop_keys.lease',
    'alter table fluxloop_keys.lease add column mine int',
    'truncate fluxloop_keys.run',
    'drop schema fluxloop_keys_queue cascade',
  ]) {
    t.match(
      await failed(user.guard(() => user.boss.executeSql(statement))),
      { code: 'permission' },
      statement,
    )
  }
  await database.sql('create role somebody login')
  const refused = await failed(requireVersion(as(t, database, 'somebody')))
  t.match(refused, { code: 'permission', message: /permission denied for database/ }, 'nobody else gets in')
})
