import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { readRateLimit } from '../../../src/platform/rate-limit.ts'
import { openSandbox } from '../../../src/sandbox/sandbox.ts'
import { serveSandbox } from '../../../src/sandbox/serve.ts'
import { correctBudget, takeRequests } from '../../src/budget/take-requests.ts'
import { hashCredential } from '../../src/budget/credential.ts'
import { fleetDatabaseForTest } from '../support/fleet-database.ts'
import { postgresForTest } from '../support/postgres.ts'

const size = { requests: 20, window: 2_000 }

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('several replicas on one credential are never refused by the platform', async t => {
    const database = await fleetDatabaseForTest(t, postgres)
    const sandbox = openSandbox({ database: ':memory:', now: () => Date.now(), rateLimit: size })
    const server = await serveSandbox(sandbox, { port: 0 })
    t.teardown(async () => {
      await server.close()
      sandbox.close()
    })
    const secret = sandbox.issueAdministrator()
    const credential = hashCredential(secret)
    const statuses: number[] = []
    let left = 30

    async function request(): Promise<void> {
      const response = await fetch(`${server.url}/api/api-keys`, {
        headers: { authorization: `Bearer ${secret.reveal()}` },
      })
      await response.arrayBuffer()
      statuses.push(response.status)
      const limit = readRateLimit(name => response.headers.get(name), Date.now())
      if (limit !== null) await correctBudget(database.connection.db, credential, limit, size)
    }

    async function replica(): Promise<void> {
      const { db } = database.connect()
      while (left > 0) {
        const taken = await takeRequests(db, credential, 1, 'plan', size)
        if (!taken.taken) {
          await wait(taken.retryIn)
          continue
        }
        left -= 1
        await request()
      }
    }

    await Promise.all([replica(), replica(), replica()])
    t.ok(statuses.length >= 30, 'and yet all is done')
    t.strictSame(new Set(statuses), new Set([200]))
  })
}
