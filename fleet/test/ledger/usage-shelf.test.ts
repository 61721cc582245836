import t from 'tap'
import { openUsageShelf } from '../../../src/commands/audit/usage-shelf.ts'
import { day } from '../../../src/model/duration.ts'
import type { ObservedUsage } from '../../../src/model/observed-usage.ts'
import { testContext } from '../../../test/support/context.ts'
import { connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import { fleetDatabaseOver } from '../../src/open-fleet-database.ts'
import { postgresForTest } from '../support/postgres.ts'

const now = Date.UTC(2026, 10, 30, 12)
const of = { origin: 'https://api.fluxloop.ai', account: 'acme' }

function look(to: number, requests: number): ObservedUsage {
  return {
    from: to - 30 * day,
    to,
    byDay: new Map([[new Date(to).toISOString().slice(0, 10), requests]]),
    byOperation: new Map([['read_scenarios', requests]]),
    byProject: new Map(),
    byOperationAndProject: null,
    addresses: [{ ip: '203.0.113.7', requests }],
  }
}

const postgres = await postgresForTest(t)

if (postgres !== null)
  t.test('remembers the use of keys for the whole fleet, longer than the platform shows it', async t => {
    const { url } = await postgres.database()
    const connection = connect(url)
    t.teardown(() => connection.close())
    await migrate(connection)
    const database = fleetDatabaseOver({ history: connection, leases: connection })
    const open = async () =>
      openUsageShelf(testContext({ now, with: { replica: { database, fleetStack: 'agents' } } }))
    const [old, recent] = [look(now - 120 * day, 5), look(now, 7)]

    const first = await open()
    await first.write(of, new Map([['key_a', [old]]]), new Map(), old.to)
    const second = await open()
    const before = await second.read(of)
    t.strictSame(before, new Map([['key_a', [old]]]))
    await second.write(of, new Map([['key_a', [old, recent]]]), before, now)

    t.strictSame(await (await open()).read(of), new Map([['key_a', [old, recent]]]))
    t.strictSame(await (await open()).read({ ...of, account: 'another' }), new Map())
  })
