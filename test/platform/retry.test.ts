import t from 'tap'
import type { NewKey } from '../../src/platform/types.ts'
import { type Step, clock, scriptedPlatform, wireKey } from '../support/scripted-platform.ts'

const key: NewKey = {
  name: 'n',
  description: '',
  marker: null,
  environment: null,
  scope: 'all',
  permissions: ['read_scenarios'],
  expires: { kind: 'never' },
}
const found: Step = { json: wireKey() }
const issued: Step = { status: 201, json: { api_key: wireKey(), key: 'flux_ci_abcdefghijklmnop' } }
const status = (code: number, headers: Record<string, string> = {}): Step => ({
  status: code,
  json: {},
  headers,
})

/** As the real fetch rejects: the system's error is the cause of its own. */
function broken(code: string): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error('system'), { code }) })
}

t.test('tries again after what passes, waiting up to a bound that doubles', async t => {
  const steps = [status(500), status(502), broken('ECONNRESET'), status(504), found]
  const { client, waits, seen } = scriptedPlatform(t, steps)
  t.equal((await client.get('key_abc123')).id, 'key_abc123')
  t.same(waits, [250, 500, 1_000, 2_000])
  t.equal(seen.length, 5)
  t.equal(client.requests(), 5)
})

t.test('jitters over the whole of the bound', async t => {
  for (const [random, wait] of [
    [0, 0],
    [0.998, 499],
  ] as const) {
    const { client, waits } = scriptedPlatform(t, [status(500), found], { random: () => random })
    await client.get('key_abc123')
    t.same(waits, [wait])
  }
})

t.test('gives up after as many tries as allowed, and says how many', async t => {
  const steps = [status(500), status(500), status(503)]
  const { client } = scriptedPlatform(t, steps, { maxTries: 3 })
  await t.rejects(client.get('key_abc123'), {
    code: 'network',
    status: 503,
    ambiguous: false,
    message: /503.*3 times/,
  })
})

t.test('sends the same request again: body, idempotency key and version', async t => {
  const { client, seen } = scriptedPlatform(t, [broken('ECONNRESET'), issued, status(500), found])
  await client.create(key, 'idem-1')
  await client.update('key_abc123', { name: 'x' }, { ifMatch: '3', idempotencyKey: 'idem-2' })
  t.equal(seen[1]?.body, seen[0]?.body)
  t.equal(seen[1]?.headers.get('idempotency-key'), 'idem-1')
  t.equal(seen[3]?.body, seen[2]?.body)
  t.equal(seen[3]?.headers.get('if-match'), '"3"')
  t.equal(seen[3]?.headers.get('idempotency-key'), 'idem-2')
})

/** Asks for another key each time: what is sent says how often. */
function renewing() {
  let asked = 0
  return () => {
    asked += 1
    return { key: { ...key, description: `asked ${asked}` }, idempotencyKey: `idem-${asked}` }
  }
}

for (const [first, then, condition] of [
  [[status(429), status(429)], 3, 'after a 429'],
  [[broken('ECONNRESET')], 1, 'after a lost answer'],
  [[status(500)], 1, 'after an error that says nothing of what was done'],
  [[status(503), status(429)], 1, 'after a 429 that came after such an error'],
  [[status(429), status(503)], 2, 'after an error that came after a 429'],
] as const) {
  t.test(`${then > first.length ? 'asks for a key anew' : 'asks for the same key'} ${condition}`, async t => {
    const { client, seen } = scriptedPlatform(t, [...first, issued])
    await client.create(key, 'idem-0', renewing())
    t.match(JSON.parse(seen[0]?.body ?? ''), { description: 'asked 1' }, 'what is first sent is made then')
    t.match(JSON.parse(seen.at(-1)?.body ?? ''), { description: `asked ${then}` })
    t.equal(seen.at(-1)?.headers.get('idempotency-key'), `idem-${then}`)
  })
}

t.test('takes what it sent last for what an answer lacks', async t => {
  const bare: Step = { status: 201, json: { id: 'key_abc123', key: 'flux_ci_abcdefghijklmnop' } }
  const { client } = scriptedPlatform(t, [status(429), bare, status(404)])
  t.match(await client.create(key, 'idem-0', renewing()), { key: { description: 'asked 2' } })
})

t.test('asks for a key anew where the platform wants the id of its project', async t => {
  const { client, seen } = scriptedPlatform(t, [
    { status: 422, json: { detail: [{ loc: ['body', 'project_id'], msg: 'not an id' }] } },
    { json: { projects: [{ id: 'proj_1', name: 'bot' }] } },
    issued,
  ])
  const ask = renewing()
  await client.create({ ...key, scope: ['bot'] }, 'idem-0', () => {
    const asked = ask()
    return { ...asked, key: { ...asked.key, scope: ['bot'] } }
  })
  t.match(JSON.parse(seen[2]?.body ?? ''), { description: 'asked 2', project_id: 'proj_1' })
  t.equal(seen[2]?.headers.get('idempotency-key'), 'idem-2-project')
})

t.test('repeats a call after trouble only where that does no harm', async t => {
  const calls = {
    get: (c: ReturnType<typeof scriptedPlatform>['client']) => c.get('key_abc123'),
    delete: (c: ReturnType<typeof scriptedPlatform>['client']) => c.revoke('key_abc123'),
    'update by version': (c: ReturnType<typeof scriptedPlatform>['client']) =>
      c.update('key_abc123', { name: 'x' }, { ifMatch: '3' }),
    'update by idempotency key': (c: ReturnType<typeof scriptedPlatform>['client']) =>
      c.update('key_abc123', { name: 'x' }, { ifMatch: null, idempotencyKey: 'i' }),
    'update by neither': (c: ReturnType<typeof scriptedPlatform>['client']) =>
      c.update('key_abc123', { name: 'x' }, { ifMatch: null }),
  }
  const troubles: readonly (readonly [string, Step, boolean, boolean])[] = [
    // What happened; is a repeatable call repeated; is any other.
    ['500', status(500), true, false],
    ['503', status(503, { 'retry-after': '1' }), true, false],
    ['408', status(408), true, false],
    ['a reset', broken('ECONNRESET'), true, false],
    ['an unknown error', new Error('what'), true, false],
    ['a garbled answer', { text: '{"id":', headers: { 'content-type': 'application/json' } }, true, false],
    ['429', status(429, { 'retry-after': '1' }), true, true],
    ['a refused connection', broken('ECONNREFUSED'), false, false],
    ['a network that is down', broken('ENETUNREACH'), true, true],
    ['a resolver out of order', broken('EAI_AGAIN'), true, true],
    ['an unknown name', broken('ENOTFOUND'), false, false],
    ['a bad certificate', broken('CERT_HAS_EXPIRED'), false, false],
    ['501', status(501), false, false],
    ['401', status(401), false, false],
    ['409', status(409), false, false],
    ['412', status(412), false, false],
    ['422', status(422), false, false],
    ['a web page', { text: '<html>', headers: { 'content-type': 'text/html' } }, false, false],
  ]
  for (const [title, trouble, repeatable, always] of troubles) {
    for (const [name, call] of Object.entries(calls)) {
      const again = name === 'update by neither' ? always : repeatable
      const { client, seen } = scriptedPlatform(t, again ? [trouble, found] : [trouble])
      const succeeded = await call(client).then(
        () => true,
        () => false,
      )
      t.equal(succeeded, again, `${name} after ${title}`)
      t.equal(seen.length, again ? 2 : 1)
    }
  }
})

t.test('waits as long as the platform asks, in seconds or until a date, and a little more', async t => {
  const date = new Date(clock + 30_000).toUTCString()
  const late = {
    'retry-after': new Date(clock + 86_400_000 + 10_000).toUTCString(),
    date: new Date(clock + 86_400_000).toUTCString(),
  }
  for (const [headers, wait] of [
    [{ 'retry-after': '7' }, 7_250],
    [{ 'retry-after': '0' }, 250],
    [{ 'retry-after': date }, 30_250],
    [{ 'retry-after': new Date(clock - 5_000).toUTCString() }, 250],
    [late, 10_250],
    [{ 'retry-after': 'soon' }, 250],
    [{ 'retry-after': '-5' }, 250],
    [{}, 250],
  ] as const) {
    for (const code of [429, 503]) {
      const { client, waits } = scriptedPlatform(t, [status(code, headers), found])
      await client.get('key_abc123')
      t.same(waits, [wait], `${code} ${JSON.stringify(headers)}`)
    }
  }
})

t.test('does not wait for long, but says how long it would be', async t => {
  const { client, waits } = scriptedPlatform(t, [
    status(429, { 'retry-after': '900' }),
    status(503, { 'retry-after': '61' }),
    status(429, { 'retry-after': '900' }),
  ])
  await t.rejects(client.list(), { code: 'rate-limited', status: 429, message: /Retry after: 15 minutes$/ })
  await t.rejects(client.list(), { code: 'network', status: 503, message: /Retry after: 61 seconds$/ })
  await t.rejects(client.create(key, 'i'), { code: 'rate-limited', ambiguous: false })
  t.same(waits, [])
  const patient = scriptedPlatform(t, [status(429, { 'retry-after': '900' }), found], { maxWaitMs: 900_000 })
  await patient.client.get('key_abc123')
  t.same(patient.waits, [900_250])
})

t.test('calls a failed write ambiguous where one of its tries may have been carried out', async t => {
  const cases: readonly (readonly [string, readonly Step[], boolean, string])[] = [
    ['a conflict after a lost answer', [broken('ECONNRESET'), status(412)], true, 'conflict'],
    ['a conflict after a server error', [status(500), status(412)], true, 'conflict'],
    ['a conflict at once', [status(412)], false, 'conflict'],
    ['a conflict after a network that was down', [broken('ENETUNREACH'), status(412)], false, 'conflict'],
    ['a conflict after a rate limit', [status(429), status(412)], false, 'conflict'],
    ['an unknown name', [broken('ENOTFOUND')], false, 'network'],
    ['an answer that is not what was asked for', [{ json: { id: 'key_abc123' } }], true, 'failed'],
  ]
  for (const [title, steps, ambiguous, code] of cases) {
    const { client } = scriptedPlatform(t, steps)
    const update = client.update('key_abc123', { name: 'x' }, { ifMatch: '3' })
    await t.rejects(update, { code, ambiguous }, title)
  }
})

t.test(
  'calls a regeneration ambiguous where its answer is fine but nobody knows the rest of the key',
  async t => {
    const { client } = scriptedPlatform(t, [
      { status: 201, json: { id: 'key_abc123', key: 'flux_ci_abcdefgh' } },
      status(403),
    ])
    const options = { ifMatch: null, idempotencyKey: 'i' }
    await t.rejects(client.regenerate('key_abc123', options), { code: 'permission', ambiguous: true })
  },
)

t.test('stops at once where the run is interrupted: before a try, during it, and between tries', async t => {
  const before = new AbortController()
  before.abort()
  const first = scriptedPlatform(t, [], { signal: before.signal })
  await t.rejects(first.client.create(key, 'i'), { code: 'interrupted', ambiguous: false })

  const during = new AbortController()
  const second = scriptedPlatform(t, [], {
    signal: during.signal,
    transport: () => {
      during.abort()
      return new Promise(() => undefined)
    },
  })
  await t.rejects(second.client.create(key, 'i'), { code: 'interrupted', ambiguous: true })

  const between = new AbortController()
  const third = scriptedPlatform(t, [status(500)], {
    signal: between.signal,
    sleep: async (_, signal) => {
      between.abort()
      signal?.throwIfAborted()
    },
  })
  await t.rejects(third.client.create(key, 'i'), { code: 'interrupted', ambiguous: true })
})
