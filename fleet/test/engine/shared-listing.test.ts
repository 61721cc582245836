import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { minute, second } from '../../../src/model/duration.ts'
import { SharedListings } from '../../src/engine/shared-listing.ts'
import { fleetDatabaseForTest } from '../support/fleet-database.ts'
import { postgresForTest } from '../support/postgres.ts'

const answers = { '/api/api-keys': { status: 200, headers: {}, body: '[]' } }

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test(
    'keeps the right to list for as long as a listing takes, and no longer where its lister is gone',
    async t => {
      const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
      const until = async () => {
        const [row] = await database.sql(
          'select extract(epoch from until)::float8 * 1000 as until from fluxloop_keys.listing',
        )
        return Number(row?.['until'])
      }
      const [one, other] = [1, 2].map(() => new SharedListings(connection.db, second))
      if (one === undefined || other === undefined) throw new Error('unreachable')
      const wanted = { now: Date.now(), notBefore: Date.now() - minute }
      let listings = 0
      const shared = await one.get('c', wanted, async () => {
        listings += 1
        const first = await until()
        while ((await until()) === first) await wait(20)
        return answers
      })
      t.strictSame(shared.answers, answers)
      t.strictSame(
        (await other.get('c', wanted, () => Promise.reject(new Error('listed twice')))).answers,
        answers,
      )
      t.equal(listings, 1)
      await new SharedListings(connection.db).get('d', wanted, async () => {
        const [row] = await database.sql(
          `select until < clock_timestamp() + interval '30 seconds' as soon from fluxloop_keys.listing where credential = 'd'`,
        )
        t.equal(row?.['soon'], true, 'it keeps nobody waiting for longer than a lease does')
        return answers
      })
    },
  )
}
