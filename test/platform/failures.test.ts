import { inspect } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import type { NewKey, PlatformClient } from '../../src/platform/types.ts'
import { type Step, clock, scriptedPlatform, sentinel, wireKey } from '../support/scripted-platform.ts'

const key: NewKey = {
  name: 'n',
  description: '',
  marker: null,
  environment: null,
  scope: 'all',
  permissions: ['read_scenarios'],
  expires: { kind: 'never' },
}

/** Every call of the client, by name. */
const calls: Readonly<Record<string, (client: PlatformClient) => Promise<unknown>>> = {
  list: client => client.list(),
  get: client => client.get('key_abc123'),
  create: client => client.create(key, 'idem-1'),
  update: client => client.update('key_abc123', { name: 'x' }, { ifMatch: '3' }),
  regenerate: client => client.regenerate('key_abc123', { ifMatch: '3', idempotencyKey: 'idem-1' }),
  revoke: client => client.revoke('key_abc123'),
  usage: client => client.usage('key_abc123', 30),
  whoami: client => client.whoami(),
  projects: client => client.projects(),
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  )
}

/** All that anyone could ever print of an error. */
function everything(error: unknown): string {
  const parts = [inspect(error, { depth: 20, showHidden: true }), String(error), JSON.stringify(error)]
  if (error instanceof Error) parts.push(error.stack ?? '', error.message, inspect(error.cause))
  if (error instanceof Failure) parts.push(...error.hints)
  return parts.join('\n')
}

t.test('speaks of an invalid key in the words of the platform’s page', async t => {
  const step = { status: 401, json: { detail: 'nope', code: 'invalid_api_key' } }
  for (const [name, call] of Object.entries(calls)) {
    const { client } = scriptedPlatform(t, [step])
    const failure = await failureOf(call(client))
    t.match(failure, { code: 'authentication', exitCode: 3, status: 401 }, name)
    t.match(failure, {
      message: 'Invalid API key\nThe API key is invalid or has been revoked.',
      hints: [
        'Possible causes:',
        'Key was deleted',
        'Key was regenerated',
        'Key has expired',
        'Typo in key value',
        'Solution:',
        'Check key in web platform',
        'Regenerate if needed',
        'Create new key if deleted',
      ],
    })
  }
})

t.test(
  'speaks of missing permissions in the words of the platform’s page, with required and current',
  async t => {
    const json = {
      detail: 'no',
      code: 'insufficient_permissions',
      required: ['create_scenarios'],
      current: ['read_scenarios', 'upload_results'],
    }
    const { client } = scriptedPlatform(t, [
      { status: 403, json },
      { status: 403, json: { ...json, current: [] } },
      { status: 403, json: {} },
    ])
    t.match(await failureOf(client.list()), {
      code: 'permission',
      message:
        'Insufficient permissions\n' +
        "Your API key doesn't have permission to perform this action.\n" +
        'Required: create_scenarios\n' +
        'Current: read_scenarios, upload_results',
      hints: [
        'Solution:',
        'Update key permissions in web platform',
        'Create new key with required permissions',
      ],
    })
    t.match(await failureOf(client.list()), { message: /Current: none$/ })
    t.match(await failureOf(client.list()), { message: /^Insufficient permissions\n[^\n]*action\.$/ })
  },
)

t.test('speaks of an expired key in the words of the platform’s page, by the platform’s clock', async t => {
  const json = { code: 'api_key_expired', name: 'Production Key', expired_at: '2024-01-15T08:00:00Z' }
  const { client } = scriptedPlatform(t, [
    { status: 401, json, headers: { date: 'Wed, 14 Feb 2024 10:00:00 GMT' } },
    { status: 401, json: { ...json, expired_at: new Date(clock).toISOString() } },
  ])
  t.match(await failureOf(client.list()), {
    code: 'authentication',
    message: 'API key expired\nKey: Production Key\nExpired: Jan 15, 2024 (30 days ago)',
    hints: ['Solution:', 'Create a new API key', 'Or update the expiration date in web platform'],
  })
  t.match(await failureOf(client.list()), { message: /\(today\)$/ })
})

t.test('says which trouble made the platform unreachable, and with which URL', async t => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      'ENOTFOUND',
      /https:\/\/api\.example\.test: the name api\.example\.test cannot be resolved \(ENOTFOUND\)/,
    ],
    ['ECONNREFUSED', /nothing accepts the connection \(ECONNREFUSED\)/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /TLS certificate .* \(DEPTH_ZERO_SELF_SIGNED_CERT\)/],
    ['UND_ERR_CONNECT_TIMEOUT', /not answered within 30 seconds/],
    ['ECONNRESET', /the connection broke during GET \/api\/api-keys \(ECONNRESET\)/],
  ]
  for (const [code, message] of cases) {
    const error = new TypeError('fetch failed', { cause: Object.assign(new Error(sentinel), { code }) })
    const { client } = scriptedPlatform(t, [error], { maxTries: 1 })
    t.match(await failureOf(client.list()), {
      code: 'network',
      exitCode: 4,
      status: null,
      message,
      hints: [/--api-url/],
    })
  }
})

t.test('says that it is no such API, with URL and call, where it answers otherwise', async t => {
  const html = {
    text: '<!doctype html><title>Hi</title>',
    headers: { 'content-type': 'text/html; charset=utf-8' },
  }
  const steps: readonly Step[] = [
    html,
    { text: 'It works!', headers: { 'content-type': 'text/plain' } },
    { text: '' },
    { ...html, status: 404 },
    { status: 404, json: { detail: 'Not Found' } },
    { status: 405, json: { detail: 'Method Not Allowed' } },
    { status: 302, text: '', headers: { location: 'https://elsewhere.test/' } },
  ]
  for (const step of steps) {
    const { client } = scriptedPlatform(t, [step])
    const message = /^Not the FluxLoop API: https:\/\/api\.example\.test .*GET \/api\/api-keys/
    t.match(
      await failureOf(client.list()),
      { code: 'network', message, hints: [/--api-url/] },
      JSON.stringify(step),
    )
  }
})

t.test('says with which status a call was refused, and why', async t => {
  const detail = [
    { loc: ['body', 'scope', 0], msg: 'no such project', type: 'x' },
    { loc: ['body', 'name'], msg: 'is \u001b[31mempty\u001b[0m\nhere' },
    { msg: 'and more' },
    { loc: 7 },
    null,
  ]
  const cases: readonly (readonly [Step, object])[] = [
    [
      { status: 422, json: { detail } },
      {
        code: 'usage',
        status: 422,
        message: /POST \/api\/api-keys: scope\.0: no such project; name: is empty here; and more$/,
      },
    ],
    [
      { status: 422, json: { detail: 'key reused' } },
      { code: 'usage', status: 422, message: /: key reused$/ },
    ],
    [
      { status: 400, text: 'x' },
      { code: 'usage', status: 400, message: /\(400\)$/ },
    ],
    [
      { status: 409, json: { detail: 'busy' } },
      { code: 'conflict', exitCode: 12, status: 409, message: /: busy$/ },
    ],
    [
      { status: 412, json: {} },
      { code: 'conflict', status: 412 },
    ],
    [
      { status: 418, json: { detail: 'tea' } },
      { code: 'failed', status: 418, message: /418 .*: tea$/ },
    ],
    [
      { status: 429, json: {} },
      { code: 'rate-limited', status: 429, message: /^Rate limited: POST/ },
    ],
  ]
  for (const [step, expected] of cases) {
    const { client } = scriptedPlatform(t, [step], { maxTries: 1 })
    t.match(await failureOf(client.create(key, 'i')), expected)
  }
  const { client } = scriptedPlatform(t, [{ status: 404, json: {} }])
  t.match(await failureOf(client.get('key_abc123')), {
    code: 'not-found',
    exitCode: 5,
    message: /key_abc123/,
  })
})

t.test('never shows a secret or a cause, whatever a failing call was told', async t => {
  const echo = {
    detail: `you sent ${sentinel}`,
    code: sentinel,
    name: sentinel,
    required: [sentinel],
    current: [sentinel],
  }
  const other = 'flux_prod_ANOTHERanother0123456789'
  const steps: readonly Step[] = [
    ...[400, 401, 403, 404, 405, 409, 412, 418, 422, 429, 500, 503].map(status => ({ status, json: echo })),
    { status: 401, json: { ...echo, code: 'api_key_expired', expired_at: '2026-01-01T00:00:00Z' } },
    { status: 422, json: { detail: [{ loc: ['body', sentinel, other], msg: `${sentinel} ${other}` }] } },
    { status: 422, text: sentinel },
    { text: `{"key":"${other}`, headers: { 'content-type': 'application/json' } },
    { json: { key: other, api_key: { id: `not an id ${other}` } } },
    { json: { key: other, api_key: { id: other } } },
    Object.assign(new Error(sentinel, { cause: { authorization: `Bearer ${sentinel}` } }), {
      code: sentinel,
    }),
    new TypeError(`Headers.append: "Bearer ${sentinel}" is an invalid header value.`),
  ]
  for (const [name, call] of Object.entries(calls)) {
    for (const step of steps) {
      const again = Array.from({ length: 2 }, () => step)
      let requests = 0
      const { client } = scriptedPlatform(t, [], {
        maxTries: 1,
        fetch: async () => {
          const next = again[requests++] ?? new Error('end')
          if (next instanceof Error) throw next
          return new Response(next.text ?? JSON.stringify(next.json), {
            status: next.status ?? 200,
            headers: next.headers ?? {},
          })
        },
      })
      const failure = await failureOf(call(client))
      if (failure === null || (name === 'revoke' && failure === undefined)) continue
      if (!(failure instanceof Failure)) t.fail(`${name} failed with ${inspect(failure)}`)
      if (/SENTINEL|ANOTHER/.test(everything(failure)))
        t.fail(`${name} shows a secret: ${everything(failure)}`)
      if (failure instanceof Failure && failure.cause !== undefined) t.fail(`${name} has a cause`)
    }
  }
  const { client } = scriptedPlatform(t, [])
  const failure = await failureOf(client.whoami(new Secret('SENTINEL\nX-Injected: 1')))
  t.match(failure, { code: 'usage' }, 'a secret that no header can carry')
  t.notMatch(everything(failure), /SENTINEL/)
})

/** A value with one part of it, anywhere, replaced by something else or removed. */
function mutated(value: unknown): fc.Arbitrary<unknown> {
  const strange = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      '__proto__',
      '../..',
      '\u001b]0;x\u0007',
      -1,
      1e308,
      '9999-99-99T99:99:99Z',
      [[]],
      {},
      undefined,
    ),
  )
  if (typeof value !== 'object' || value === null) return strange
  const parts = Object.entries(value).map(([name, part]) =>
    mutated(part).map((next): unknown => {
      if (Array.isArray(value))
        return value.map((each: unknown, index) => (String(index) === name ? next : each))
      return { ...value, [name]: next }
    }),
  )
  return fc.oneof(strange, ...parts)
}

t.test('fails with a Failure or succeeds, whatever part of an answer is wrong', async t => {
  const samples: Readonly<Record<string, unknown>> = {
    list: { api_keys: [wireKey()], next_cursor: null },
    get: wireKey(),
    create: { api_key: wireKey(), key: 'flux_ci_abcdefghijkl' },
    update: wireKey(),
    regenerate: { api_key: wireKey(), key: 'flux_ci_abcdefghijkl' },
    revoke: {},
    usage: {
      total: 1,
      by_day: { '2026-03-01': 1 },
      by_operation: { a: 1 },
      by_project: { b: 1 },
      by_operation_and_project: { a: { b: 1 } },
      addresses: [{ ip: '::1', requests: 1 }],
    },
    whoami: { account: 'a', organizations: [], api_key: wireKey() },
    projects: [{ id: 'a', name: 'b', status: 'c' }],
  }
  for (const [name, call] of Object.entries(calls)) {
    const property = fc.asyncProperty(
      mutated(samples[name]),
      fc.constantFrom(200, 200, 200, 401, 403, 422, 500),
      async (json, status) => {
        const { client } = scriptedPlatform(t, [], {
          maxTries: 2,
          fetch: async () =>
            new Response(JSON.stringify(json), { status, headers: { 'content-type': 'application/json' } }),
        })
        const failure = await failureOf(call(client))
        return failure === null || failure instanceof Failure
      },
    )
    await fc.assert(property, { numRuns: 150 })
    t.pass(name)
  }
})
