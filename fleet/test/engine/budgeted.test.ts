import { Readable } from 'node:stream'
import t from 'tap'
import { second } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import { Secret } from '../../../src/model/secret.ts'
import { createClient } from '../../../src/platform/client.ts'
import type { Transport } from '../../../src/platform/transport.ts'
import { BudgetedRequests, type SharedBudget } from '../../src/engine/budgeted.ts'

function budgetOf(tokens: number) {
  const told: unknown[] = []
  let left = tokens
  const budget: SharedBudget = {
    take: requests => {
      if (requests > left) return Promise.resolve(30 * second)
      left -= requests
      return Promise.resolve(null)
    },
    giveBack: requests => {
      left += requests
      return Promise.resolve()
    },
    correct: told_ => {
      told.push(told_)
      return Promise.resolve()
    },
  }
  return { budget, told, left: () => left }
}

function countingPlatform() {
  let requests = 0
  const transport: Transport = ({ requireLease }) => {
    requireLease?.()
    requests += 1
    const headers: Readonly<Record<string, string>> = {
      'content-type': 'application/json',
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': '990',
      'x-ratelimit-reset': '60',
    }
    const body = Readable.from([Buffer.from('{"projects":[]}')])
    return Promise.resolve({ status: 200, header: (name: string) => headers[name] ?? null, body })
  }
  return { transport, requests: () => requests }
}

function clientOver(transport: Transport) {
  const waits: number[] = []
  const client = createClient({
    baseUrl: 'https://platform.test',
    credential: new Secret('flux_ci_SENTINELsentinel0123456789'),
    transport,
    userAgent: 'test',
    random: () => 0,
    sleep: time => {
      waits.push(time)
      return Promise.resolve()
    },
    now: () => 0,
  })
  return { client, waits }
}

t.test(
  'takes requests from the budget of the fleet, tells it what the platform says, and gives back what is left',
  async t => {
    const { budget, told, left } = budgetOf(100)
    const platform = countingPlatform()
    const requests = new BudgetedRequests(budget, () => 'plan')
    const { client } = clientOver(requests.through(platform.transport))
    for (let count = 1; count <= 12; count++) await client.projects()
    await requests.end()
    t.strictSame([platform.requests(), requests.requests, left()], [12, 12, 88])
    t.strictSame(told[0], { limit: 1_000, remaining: 990, resetIn: 60 * second })
  },
)

t.test('refuses as the platform would, before it has to, once the budget is used up', async t => {
  const { budget } = budgetOf(3)
  const platform = countingPlatform()
  const requests = new BudgetedRequests(budget, () => 'plan')
  const { client, waits } = clientOver(requests.through(platform.transport))
  for (let count = 1; count <= 3; count++) await client.projects()
  await t.rejects(client.projects(), { code: 'rate-limited' })
  t.equal(platform.requests(), 3)
  t.ok(waits.every(wait => wait >= 30 * second))
})

t.test('lets no more pass than were taken where many ask at once', async t => {
  const { budget } = budgetOf(25)
  const platform = countingPlatform()
  const requests = new BudgetedRequests(budget, () => 'plan')
  const { client } = clientOver(requests.through(platform.transport))
  const asked = await Promise.allSettled(Array.from({ length: 40 }, () => client.projects()))
  t.equal(asked.filter(({ status }) => status === 'fulfilled').length, 25)
  t.equal(platform.requests(), 25)
})

t.test('sends no write whose lease ended while it waited for the budget', async t => {
  let isHeld = true
  const { budget } = budgetOf(10)
  const slow: SharedBudget = {
    ...budget,
    take: (...asked) => {
      isHeld = false
      return budget.take(...asked)
    },
  }
  const platform = countingPlatform()
  const requests = new BudgetedRequests(slow, () => 'plan')
  const { client } = clientOver(requests.through(platform.transport))
  client.underLease({
    epoch: 7,
    requireHeld: () => {
      if (!isHeld) throw new Failure('conflict', 'late')
    },
  })
  await t.rejects(client.revoke('key_abc123'), { code: 'conflict', ambiguous: false })
  t.equal(platform.requests(), 0)
})

t.test('keeps the answer of the platform where the budget cannot be told about it', async t => {
  const { budget } = budgetOf(10)
  const away = () => Promise.reject(new Error('Connection terminated unexpectedly'))
  const platform = countingPlatform()
  const requests = new BudgetedRequests({ ...budget, correct: away }, () => 'plan')
  const { client } = clientOver(requests.through(platform.transport))
  t.strictSame(await client.projects(), [])
  t.equal(platform.requests(), 1)
})

t.test('sends nothing while the budget cannot be asked, and goes on once it can', async t => {
  const { budget } = budgetOf(10)
  let failures = 4
  const restarting: SharedBudget = {
    ...budget,
    take: (...asked) => {
      failures -= 1
      return failures < 0 ? budget.take(...asked) : Promise.reject(new Error('Connection terminated'))
    },
  }
  const platform = countingPlatform()
  const requests = new BudgetedRequests(restarting, () => 'plan')
  const { client } = clientOver(requests.through(platform.transport))
  t.strictSame(await client.projects(), [])
  t.equal(platform.requests(), 1)
})

t.test('knows that nothing was sent where the budget cannot be asked at all', async t => {
  const { budget } = budgetOf(10)
  const away = () => Promise.reject(new Error('Connection terminated'))
  const platform = countingPlatform()
  const requests = new BudgetedRequests({ ...budget, take: away }, () => 'plan')
  const { client } = clientOver(requests.through(platform.transport))
  await t.rejects(client.revoke('key_abc123'), { code: 'rate-limited', ambiguous: false })
  t.equal(platform.requests(), 0)
})
