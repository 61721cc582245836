import t from 'tap'
import type { Secret } from '../../src/model/secret.ts'
import { parseRateLimit } from '../../src/sandbox/rate-limiter.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'

t.test('reads a limit as that many requests in a period', t => {
  for (const [text, limit] of [
    ['1000/h', { requests: 1_000, window: 3_600_000 }],
    ['20/2s', { requests: 20, window: 2_000 }],
    ['1/15m', { requests: 1, window: 900_000 }],
    ['5/d', { requests: 5, window: 86_400_000 }],
    ['0/h', null],
    ['1000', null],
    ['1000/y', null],
    ['-1/h', null],
    ['1/0h', null],
    ['', null],
  ] as const) {
    t.strictSame(parseRateLimit(text), limit, text)
  }
  t.end()
})

t.test('answers 429 to what is beyond the limit of its caller, until the window ends', async t => {
  let now = Date.UTC(2026, 2, 1, 12)
  const rateLimit = { requests: 3, window: 10_500 }
  const sandbox = openSandbox({ database: ':memory:', now: () => now, rateLimit })
  t.teardown(() => sandbox.close())
  const [one, other] = [sandbox.issueAdministrator(), sandbox.issueAdministrator('Other')]
  const ask = async (secret: Secret, path = '/api/auth/whoami', method = 'GET') => {
    const headers = { authorization: `Bearer ${secret.reveal()}` }
    const answer = await sandbox.handle(new Request(`http://any${path}`, { method, headers }))
    const shown = ['limit', 'remaining', 'reset'].map(name => answer.headers.get(`x-ratelimit-${name}`))
    return { status: answer.status, limits: shown.map(Number), retryAfter: answer.headers.get('retry-after') }
  }
  const reset = Math.ceil((now + 10_500) / 1_000)
  t.strictSame(await ask(one), { status: 200, limits: [3, 2, reset], retryAfter: null })
  t.strictSame(await ask(one, '/api/api-keys/key_none'), {
    status: 404,
    limits: [3, 1, reset],
    retryAfter: null,
  })
  now += 4_000
  t.match(await ask(one), { status: 200, limits: [3, 0, reset] })
  t.match(await ask(one), { status: 429, limits: [3, 0, reset], retryAfter: '7' })
  t.match(await ask(one, '/api/api-keys', 'POST'), { status: 429 })
  t.match(
    await ask(other),
    { status: 200, limits: [3, 2, Math.ceil((now + 10_500) / 1_000)] },
    'each key its own',
  )
  now += 6_500
  t.match(await ask(one), { status: 200, limits: [3, 2] }, 'a new window')
})

t.test('knows no limit where none was given, and says nothing of one', async t => {
  const sandbox = openSandbox({ database: ':memory:' })
  t.teardown(() => sandbox.close())
  const headers = { authorization: `Bearer ${sandbox.issueAdministrator().reveal()}` }
  for (let count = 0; count < 50; count += 1) {
    const answer = await sandbox.handle(new Request('http://any/api/auth/whoami', { headers }))
    t.strictSame([answer.status, answer.headers.get('x-ratelimit-limit')], [200, null])
  }
})
