import t from 'tap'
import { hour } from '../../../src/model/duration.ts'
import { Secret } from '../../../src/model/secret.ts'
import { correctBudget, countRequests, readBudgets, takeRequests } from '../../src/budget/take-requests.ts'
import { hashCredential } from '../../src/budget/credential.ts'
import type { Lane } from '../../src/budget/lanes.ts'
import { fleetDatabaseForTest } from '../support/fleet-database.ts'
import { postgresForTest } from '../support/postgres.ts'

const credential = hashCredential(new Secret('flux_test_0123456789'))

/** It fills by one in ten days: not within a test. */
const size = { requests: 100, window: 1_000 * 24 * hour }

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('is never spent twice, however many take from it at the same moment', async t => {
    const database = await fleetDatabaseForTest(t, postgres)
    const connections = [0, 1, 2].map(() => database.connect({ most: 5 }))
    const taken = await Promise.all(
      Array.from({ length: 150 }, async (_, index) => {
        const connection = connections[index % 3] ?? database.connection
        return takeRequests(connection.db, credential, 1, 'leaked', size)
      }),
    )
    t.equal(taken.filter(one => one.taken).length, size.requests)
    t.strictSame(await readBudgets(database.connection.db), [
      { credential, remaining: 0, limit: 100, resetsAt: null },
    ])
    t.strictSame(await countRequests(database.connection.db, Date.now() - 2 * hour), [
      { credential, lane: 'leaked', requests: 100 },
    ])
  })

  t.test('leaves to every lane what those below it may not take', async t => {
    const { db } = (await fleetDatabaseForTest(t, postgres)).connection
    const takeAll = async (lane: Lane) => {
      for (let taken = 0; ; taken += 1)
        if (!(await takeRequests(db, credential, 1, lane, size)).taken) return taken
    }
    t.strictSame(
      [
        await takeAll('plan'),
        await takeAll('rotate'),
        await takeAll('create'),
        await takeAll('heal'),
        await takeAll('leaked'),
      ],
      [70, 10, 10, 5, 5],
    )
  })

  t.test('takes all or none, and says when to come back', async t => {
    const { db } = (await fleetDatabaseForTest(t, postgres)).connection
    const slow = { requests: 100, window: hour }
    t.strictSame(await takeRequests(db, credential, 60, 'plan', slow), { taken: true })
    const refused = await takeRequests(db, credential, 11, 'plan', slow)
    // One request is added in 36 seconds.
    t.match(refused, { taken: false })
    t.ok(!refused.taken && refused.retryIn > 30_000 && refused.retryIn <= 36_000)
    t.strictSame(await takeRequests(db, credential, 10, 'plan', slow), { taken: true })
  })

  t.test('gives more than it can ever hold to whoever finds it full, and owes it afterwards', async t => {
    const { db } = (await fleetDatabaseForTest(t, postgres)).connection
    t.strictSame(await takeRequests(db, credential, 250, 'plan', size), { taken: true })
    t.match(await takeRequests(db, credential, 1, 'leaked', size), { taken: false })
  })

  t.test('fills with time, and not above its size', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    const { db } = connection
    await takeRequests(db, credential, 100, 'leaked', { requests: 100, window: hour })
    const age = (minutes: number) =>
      database.sql(
        `update fluxloop_keys.budget set refilled_at = refilled_at - ${minutes} * interval '1 minute'`,
      )
    await age(30)
    t.match(await readBudgets(db), [{ remaining: 50 }])
    await age(600)
    t.match(await readBudgets(db), [{ remaining: 100 }])
  })

  t.test('believes the platform where it has less left, and not where it has more', async t => {
    const { db } = (await fleetDatabaseForTest(t, postgres)).connection
    await takeRequests(db, credential, 10, 'plan', size)
    await correctBudget(db, credential, { limit: 100, remaining: 40, resetIn: hour }, size)
    t.match(await readBudgets(db), [{ remaining: 40 }])
    // Of an answer that was overtaken.
    await correctBudget(db, credential, { limit: 100, remaining: 60, resetIn: hour }, size)
    t.match(await readBudgets(db), [{ remaining: 40 }])
  })

  t.test('adds nothing before the window of the platform ends, and everything then', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    const { db } = connection
    const window = { requests: 100, window: hour }
    await correctBudget(db, credential, { limit: 50, remaining: 0, resetIn: hour / 2 }, window)
    await database.sql(`update fluxloop_keys.budget set refilled_at = refilled_at - interval '20 minutes'`)
    const refused = await takeRequests(db, credential, 1, 'leaked', window)
    t.ok(!refused.taken && refused.retryIn > hour / 2 - 60_000 && refused.retryIn <= hour / 2)
    await database.sql(`update fluxloop_keys.budget set resets_at = clock_timestamp() - interval '1 second'`)
    t.strictSame(await takeRequests(db, credential, 20, 'leaked', window), { taken: true })
    t.match(await readBudgets(db), [{ remaining: 30, limit: 50 }])
    // Still of the window before.
    await correctBudget(db, credential, { limit: 50, remaining: 0, resetIn: 0 }, window)
    t.match(await readBudgets(db), [{ remaining: 30 }])
  })

  t.test('takes over the whole of a window that began without it', async t => {
    const { db } = (await fleetDatabaseForTest(t, postgres)).connection
    const window = { requests: 100, window: hour }
    await correctBudget(db, credential, { limit: 100, remaining: 0, resetIn: 60_000 }, window)
    await correctBudget(db, credential, { limit: 100, remaining: 99, resetIn: hour }, window)
    t.match(await readBudgets(db), [{ remaining: 99 }])
  })

  t.test('is kept for each credential apart, under a name that is not its secret', async t => {
    const { db } = (await fleetDatabaseForTest(t, postgres)).connection
    const other = hashCredential(new Secret('flux_test_9876543210'))
    t.match(credential, /^[0-9a-f]{32}$/)
    await takeRequests(db, credential, 100, 'leaked', size)
    t.strictSame(await takeRequests(db, other, 1, 'plan', size), { taken: true })
  })
}
