import t from 'tap'
import { askForListing, giveUpListing, storeListing } from '../../src/listing/listing.ts'
import { fleetDatabaseForTest } from '../support/fleet-database.ts'
import { postgresForTest } from '../support/postgres.ts'

const asked = { age: 60_000, hold: 60_000 }
const body = JSON.stringify({
  keys: Array.from({ length: 500 }, (_, index) => ({ id: `key_${index}`, name: 'ü' })),
})

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('lets one of many list, and gives all others what it stored', async t => {
    const { db } = (await fleetDatabaseForTest(t, postgres)).connection
    const answers = await Promise.all(Array.from({ length: 10 }, () => askForListing(db, 'c', asked)))
    const [one, ...more] = answers.filter(answer => answer.kind === 'yours')
    t.strictSame(more, [])
    t.equal(answers.filter(answer => answer.kind === 'busy' && answer.retryIn <= asked.hold).length, 9)
    t.ok(await storeListing(db, 'c', one?.right ?? '', body))
    t.match(await askForListing(db, 'c', asked), { kind: 'there', body })
    t.match(await askForListing(db, 'another', asked), { kind: 'yours' })
  })

  t.test('is asked for anew once it is too old', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    const { db } = connection
    const first = await askForListing(db, 'c', asked)
    if (first.kind !== 'yours') throw new Error(first.kind)
    await storeListing(db, 'c', first.right, body)
    await database.sql(
      `update fluxloop_keys.listing set begun_at = begun_at - interval '61 seconds', until = until - interval '61 seconds'`,
    )
    t.match(await askForListing(db, 'c', { ...asked, age: 90_000 }), { kind: 'there' })
    t.match(await askForListing(db, 'c', asked), { kind: 'yours' })
    t.match(await askForListing(db, 'c', { ...asked, age: 90_000 }), { kind: 'busy' })
  })

  t.test(
    'goes to another where its lister is gone, and what that one stores later counts for nothing',
    async t => {
      const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
      const { db } = connection
      const first = await askForListing(db, 'c', asked)
      if (first.kind !== 'yours') throw new Error(first.kind)
      await database.sql(`update fluxloop_keys.listing set until = until - interval '61 seconds'`)
      const second = await askForListing(db, 'c', asked)
      if (second.kind !== 'yours') throw new Error(second.kind)
      t.notOk(await storeListing(db, 'c', first.right, 'old'))
      await giveUpListing(db, 'c', first.right)
      t.match(await askForListing(db, 'c', asked), { kind: 'busy' })
      await giveUpListing(db, 'c', second.right)
      t.match(await askForListing(db, 'c', asked), { kind: 'yours' })
    },
  )
}
