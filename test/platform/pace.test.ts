import { overFetch } from '../../src/platform/transport.ts'
import t, { type Test } from 'tap'
import type { BudgetWait } from '../../src/model/budget.ts'
import { hour, minute, second } from '../../src/model/duration.ts'
import { createClient } from '../../src/platform/client.ts'
import { readRateLimit } from '../../src/platform/rate-limit.ts'
import type { PlatformClient } from '../../src/platform/types.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'
import { newKey } from '../support/platform-calls.ts'

const start = Date.UTC(2026, 2, 1, 12)

interface Scene {
  readonly client: PlatformClient
  readonly statuses: number[]
  readonly waits: (BudgetWait | null)[]
  readonly sleeps: number[]
  readonly stopping: AbortController
  now: number
  /** Uses up requests of the same key, as another program would. */
  readonly others: (requests: number) => Promise<void>
}

/** A sandbox with a limit, and a clock that only sleeping moves. */
function scene(
  t: Test,
  options: {
    readonly requests: number
    readonly headers?: (headers: Headers) => void
    readonly paced?: boolean
    readonly onSleep?: () => void
  },
): Scene {
  const clock = { now: start }
  const rateLimit = { requests: options.requests, window: hour }
  const sandbox = openSandbox({ database: ':memory:', now: () => clock.now, rateLimit })
  t.teardown(() => sandbox.close())
  const credential = sandbox.issueAdministrator()
  const statuses: number[] = []
  const waits: (BudgetWait | null)[] = []
  const sleeps: number[] = []
  const stopping = new AbortController()
  const client = createClient({
    baseUrl: 'http://localhost',
    credential,
    transport: overFetch(async request => {
      const answer = await sandbox.handle(request)
      statuses.push(answer.status)
      const headers = new Headers(answer.headers)
      options.headers?.(headers)
      return new Response(answer.body, { status: answer.status, headers })
    }),
    userAgent: 'fluxloop-keys/test',
    random: () => 0.5,
    sleep: async (milliseconds, signal) => {
      sleeps.push(milliseconds)
      options.onSleep?.()
      signal?.throwIfAborted()
      // What is in flight is answered before an hour is over.
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate)
      clock.now += milliseconds
    },
    // Our clock is a day ahead of the server's.
    now: () => clock.now + 24 * hour,
  })
  if (options.paced !== false) client.pace({ stopping: stopping.signal, tell: wait => waits.push(wait) })
  const self: Scene = {
    client,
    statuses,
    waits,
    sleeps,
    stopping,
    others: async requests => {
      const headers = { authorization: `Bearer ${credential.reveal()}` }
      for (let count = 0; count < requests; count += 1)
        await sandbox.handle(new Request('http://any/api/auth/whoami', { headers }))
    },
    get now() {
      return clock.now
    },
    set now(at) {
      clock.now = at
    },
  }
  return self
}

const headerOf = (headers: Readonly<Record<string, string>>) => (name: string) => headers[name] ?? null

t.test('reads what an answer says of the budget, whatever it counts the reset from', t => {
  const read = (limit: string, remaining: string, reset: string) =>
    readRateLimit(
      headerOf({
        'x-ratelimit-limit': limit,
        'x-ratelimit-remaining': remaining,
        'x-ratelimit-reset': reset,
      }),
      start,
    )
  t.strictSame(read('1000', '998', String(start / 1000 + 60)), {
    limit: 1000,
    remaining: 998,
    resetIn: minute,
  })
  t.strictSame(read('1000', '0', '90'), { limit: 1000, remaining: 0, resetIn: 90 * second })
  t.strictSame(read('1000', '0', String(start / 1000 - 60)), { limit: 1000, remaining: 0, resetIn: 0 })
  for (const [limit, remaining, reset] of [
    ['0', '0', '1'],
    ['many', '1', '1'],
    ['10', '-1', '1'],
    ['10', '1', '1e9'],
    ['10', '1', ''],
  ] as const) {
    t.equal(read(limit, remaining, reset), null)
  }
  t.equal(readRateLimit(headerOf({ 'x-ratelimit-limit': '10' }), start), null)
  t.end()
})

t.test(
  'makes no request too many, however many are made at once, and waits once for each window',
  async t => {
    const s = scene(t, { requests: 10 })
    await s.client.list()
    t.match(s.client.budget(), { limit: 10, remaining: 9, window: null })
    await Promise.all(Array.from({ length: 29 }, () => s.client.projects()))
    t.strictSame(
      s.statuses,
      Array.from({ length: 30 }, () => 200),
      'none was refused',
    )
    t.strictSame(s.sleeps, [hour + second / 2, hour + second + second / 2], 'resets are whole seconds')
    t.match(s.waits, [{ until: start + 25 * hour }, null, { budget: { remaining: 0, limit: 10 } }, null])
    t.ok(Math.abs((s.client.budget()?.window ?? 0) - hour) < 2 * second, 'it has learnt how long a window is')
  },
)

t.test('survives a 429 where others use the same key, by what the platform says it has to wait', async t => {
  for (const headers of [
    () => undefined,
    (all: Headers) => all.delete('retry-after'),
    (all: Headers) => ['limit', 'remaining', 'reset'].forEach(name => all.delete(`x-ratelimit-${name}`)),
  ]) {
    const s = scene(t, { requests: 10, headers })
    await s.client.list()
    await s.others(9)
    s.now += 15 * minute
    await Promise.all([s.client.create(newKey, 'one'), s.client.create(newKey, 'two'), s.client.projects()])
    t.strictSame(s.statuses.slice(0, 4), [200, 429, 429, 429])
    t.strictSame(s.statuses.slice(4).sort(), [200, 201, 201])
    t.strictSame(s.sleeps, [45 * minute + second / 2])
  }
})

t.test(
  'asks for a key as of after the wait, where a create waited for its budget or was refused',
  async t => {
    for (const others of [0, 9]) {
      const s = scene(t, { requests: 10 })
      await s.client.list()
      if (others === 0) for (let index = 0; index < 9; index += 1) await s.client.projects()
      else await s.others(others)
      const asked: number[] = []
      await s.client.create(newKey, 'first', () => {
        asked.push(s.now)
        return { key: newKey, idempotencyKey: `at-${s.now}` }
      })
      t.equal(asked.at(-1), s.now)
      t.equal(asked.length, others === 0 ? 1 : 2)
      t.ok(s.now > start + hour)
    }
  },
)

t.test('is interrupted while it waits, and says that nothing was sent', async t => {
  let s: Scene | null = null
  s = scene(t, { requests: 1, onSleep: () => s?.stopping.abort() })
  await s.client.list()
  const calls: readonly Promise<unknown>[] = [s.client.create(newKey, 'one'), s.client.projects()]
  for (const call of calls) await t.rejects(call, { code: 'interrupted', exitCode: 130, ambiguous: false })
  await t.rejects(s.client.projects(), { code: 'interrupted' }, 'and nobody waits any more')
  t.equal(s.sleeps.length, 1)
  t.strictSame(s.statuses, [200])
  t.equal(s.waits.at(-1), null, 'who shows the wait is told that it is over')
})

t.test('waits before work that needs several requests, so that it is not begun and left', async t => {
  const s = scene(t, { requests: 10 })
  await s.client.list()
  await s.client.ready(9)
  t.strictSame(s.sleeps, [])
  await s.client.ready(10)
  t.strictSame(s.sleeps, [hour + second / 2])
  await s.client.ready(10_000)
  t.equal(s.sleeps.length, 1, 'what no window has is not waited for')
})

t.test('does not wait where nobody asked for it, nor for hours on end', async t => {
  const plain = scene(t, { requests: 1, paced: false })
  await plain.client.list()
  await t.rejects(plain.client.list(), { code: 'rate-limited', message: /Retry after: 60 minutes/ })
  const endless = scene(t, {
    requests: 1,
    headers: all => all.has('retry-after') && all.set('retry-after', '9999'),
  })
  await endless.others(1)
  await t.rejects(endless.client.list(), { code: 'rate-limited', message: /Retry after: 3 hours/ })
  t.strictSame([plain.sleeps, endless.sleeps], [[], []])
})

t.test("does not count another key's requests, and begins anew as another caller", async t => {
  const s = scene(t, { requests: 3 })
  const { secret, key } = await s.client.create({ ...newKey, permissions: ['*'] }, 'other')
  if (secret === null) throw new Error('no secret')
  for (let count = 0; count < 3; count += 1) await s.client.whoamiAs(secret, key)
  t.match(s.client.budget(), { remaining: 2 })
  await s.client.list()
  await s.client.list()
  s.client.actAs(secret, key)
  t.equal(s.client.budget(), null)
  await s.client.list()
  t.strictSame(s.sleeps, [hour + second / 2], 'its three are used up as well')
})
