import t from 'tap'
import { calls, failureOf, newKey } from '../support/platform-calls.ts'
import { type Step, clock, scriptedPlatform, sentinel } from '../support/scripted-platform.ts'

t.test('speaks of an invalid key in the words of the platform’s page', async t => {
  const step = { status: 401, json: { detail: 'nope', code: 'invalid_api_key' } }
  for (const [name, call] of Object.entries(calls)) {
    const { client } = scriptedPlatform(t, [step])
    const failure = await failureOf(call(client))
    t.match(failure, { code: 'authentication', exitCode: 3, status: 401 }, name)
    t.match(failure, {
      message:
        'Invalid API key\nThe API key is invalid or has been revoked.\n' +
        'Sent to https://api.example.test: the credential of the caller',
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
    message:
      'API key expired\nKey: Production Key\nExpired: Jan 15, 2024 (30 days ago)\n' +
      'Sent to https://api.example.test: the credential of the caller',
    hints: ['Solution:', 'Create a new API key', 'Or update the expiration date in web platform'],
  })
  t.match(await failureOf(client.list()), { message: /\(today\)$/m })
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
    // Words of libraries, and not the system's.
    ['UND_ERR_SOCKET', /the connection broke during GET \/api\/api-keys$/],
    ['HPE_INVALID_CONSTANT', /the connection broke during GET \/api\/api-keys$/],
    ['Z_DATA_ERROR', /the connection broke during GET \/api\/api-keys$/],
    ['ERR__ERROR_FORMAT_PADDING_2', /the connection broke during GET \/api\/api-keys$/],
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

t.test('says that it is not such an API, with URL and call, where it answers otherwise', async t => {
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
      {
        status: 409,
        json: { detail: { code: 'LIMIT', message: 'too many', context: { limit: 5, of: {} } } },
      },
      { code: 'conflict', message: /: too many \(limit: 5\)$/ },
    ],
    [
      { status: 409, json: { detail: { code: 'LIMIT' } } },
      { code: 'conflict', message: /: LIMIT$/ },
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
    t.match(await failureOf(client.create(newKey, 'i')), expected)
  }
  const { client } = scriptedPlatform(t, [{ status: 404, json: {} }])
  t.match(await failureOf(client.get('key_abc123')), {
    code: 'not-found',
    exitCode: 5,
    message: /key_abc123/,
  })
})
