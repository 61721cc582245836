import t from 'tap'
import type { Marker } from '../../src/model/marker.ts'
import { Secret } from '../../src/model/secret.ts'
import { unplacedSecret } from '../../src/platform/platform-failure.ts'
import type { NewKey, PlatformClient, RequestInfo } from '../../src/platform/types.ts'
import { scriptedPlatform, sentinel, wireKey } from '../support/scripted-platform.ts'

const marker: Marker = {
  stack: 'acme',
  keyId: 'ci-pipeline',
  generation: 1,
  binding: { kind: 'moment', at: 1_763_800_000_000 },
  grant: null,
  signature: null,
  nonce: 'k3x9v0q2ma',
  state: { kind: 'pending' },
  host: null,
  fields: { name: '00', description: '11', scope: '22', permissions: '33', expires: '44', environment: '55' },
  stores: [],
  formerStores: [],
  protected: false,
}
const newKey: NewKey = {
  name: 'CI/CD Pipeline',
  description: 'Nightly',
  marker,
  environment: 'ci',
  scope: ['b', 'a'],
  permissions: ['upload_results', 'read_scenarios'],
  expires: { kind: 'period', length: 90 * 86_400_000 },
}
const secret = 'flux_ci_abcdefghijklmnopqrstuvwxyzmno34'

t.test('sends the headers of a call, and no idempotency key or version where there is none', async t => {
  const { client, seen } = scriptedPlatform(t, [{ json: wireKey() }])
  const key = await client.get('key_abc123')
  t.equal(seen[0]?.call, 'GET /api/api-keys/key_abc123')
  t.equal(seen[0]?.headers.get('authorization'), `Bearer ${sentinel}`)
  t.equal(seen[0]?.headers.get('user-agent'), 'fluxloop-keys/test')
  t.equal(seen[0]?.headers.get('accept'), 'application/json')
  t.notOk(seen[0]?.headers.has('idempotency-key'))
  t.notOk(seen[0]?.headers.has('if-match'))
  t.notOk(seen[0]?.headers.has('content-type'))
  t.equal(key.version, '3')
})

t.test('keeps the path of the base URL', async t => {
  const { client, seen } = scriptedPlatform(t, [{ json: [] }], {
    baseUrl: 'https://proxy.example.test/fluxloop/?x=1#y',
  })
  await client.projects()
  t.equal(seen[0]?.call, 'GET /fluxloop/api/projects')
})

t.test('creates with the same bytes for the same key, and resolves to key and secret', async t => {
  const answer = { status: 201, json: { api_key: wireKey(), key: secret } }
  const { client, seen } = scriptedPlatform(t, [answer, answer])
  const issued = await client.create(newKey, 'idem-1')
  await client.create(
    { ...newKey, permissions: ['read_scenarios', 'upload_results'], scope: ['a', 'b'] },
    'idem-1',
  )
  t.equal(issued.secret?.reveal(), secret)
  t.equal(issued.key.id, 'key_abc123')
  t.equal(seen[0]?.headers.get('idempotency-key'), 'idem-1')
  t.equal(seen[0]?.headers.get('content-type'), 'application/json')
  t.equal(
    seen[0]?.body,
    '{"name":"CI/CD Pipeline","description":"Nightly [fk1 acme/ci-pipeline g1 k3x9v0q2ma @t64csg pending f001122334455]",' +
      '"scope":["a","b"],"permissions":["read_scenarios","upload_results"],"expires_in":7776000,"environment":"ci"}',
  )
  t.equal(seen[1]?.body, seen[0]?.body)
})

t.test('writes every kind of scope and lifetime', async t => {
  const answer = { json: { api_key: wireKey(), key: secret } }
  const { client, seen } = scriptedPlatform(t, [answer, answer])
  await client.create({ ...newKey, scope: 'all', environment: null, expires: { kind: 'never' } }, 'a')
  await client.create(
    { ...newKey, permissions: ['*'], expires: { kind: 'until', at: Date.UTC(2027, 0, 31) } },
    'b',
  )
  t.match(JSON.parse(seen[0]?.body ?? ''), { scope: '*', expires_in: null })
  t.notMatch(seen[0]?.body, /environment|expires_at/)
  t.match(JSON.parse(seen[1]?.body ?? ''), { permissions: ['*'], expires_at: '2027-01-31T00:00:00.000Z' })
})

t.test('finds the secret in each of the places where the platform may put it', async t => {
  const { masked_key, ...rest } = wireKey()
  const flat = { ...rest, masked_key }
  for (const json of [
    { api_key: wireKey(), key: secret },
    { ...flat, api_key: secret },
    { api_key: { ...flat, key: secret } },
    { api_key_data: { ...flat, key: secret } },
    { ...flat, key: secret },
  ]) {
    const { client } = scriptedPlatform(t, [{ status: 201, json }])
    const issued = await client.create(newKey, 'idem-1')
    t.equal(issued.secret?.reveal(), secret)
    t.equal(issued.key.id, 'key_abc123')
  }
})

t.test('resolves to the key without a secret where the answer has none, or a masked one', async t => {
  for (const json of [
    { api_key: wireKey() },
    { api_key: wireKey(), key: 'flux_ci_****...mno34' },
    { api_key: wireKey(), key: null },
  ]) {
    const { client } = scriptedPlatform(t, [{ status: 201, json }])
    const issued = await client.create(newKey, 'idem-1')
    t.equal(issued.key.id, 'key_abc123')
    t.equal(issued.secret, null)
  }
})

t.test(
  'asks for the rest of a new key where the answer has its id and secret but not all its fields',
  async t => {
    const { client, seen } = scriptedPlatform(t, [
      { status: 201, json: { id: 'key_abc123', api_key: secret } },
      { json: wireKey() },
    ])
    const issued = await client.create(newKey, 'idem-1')
    t.equal(issued.secret?.reveal(), secret)
    t.equal(issued.key.name, 'CI/CD Pipeline')
    t.equal(seen[1]?.call, 'GET /api/api-keys/key_abc123')
  },
)

t.test(
  'finds a new key in the list by its name and its end, where the answer holds its secret alone',
  async t => {
    const other = wireKey({ id: 'key_other', masked_key: 'flux_ci_****...zzzzz' })
    const { client, waits } = scriptedPlatform(t, [
      { status: 201, json: { key: secret } },
      { json: [other] },
      { json: [other, wireKey()] },
    ])
    t.match(await client.create(newKey, 'idem-1'), {
      key: { id: 'key_abc123' },
      secret: { equals: Function },
    })
    t.same(waits, [1_000], 'a list may lag behind')
  },
)

t.test('keeps the secret in the failure, where nobody can say which key was made', async t => {
  const twin = wireKey({ id: 'key_twin' })
  for (const rest of [[{ json: [twin, wireKey()] }], [{ status: 404, json: {} }]]) {
    const { client } = scriptedPlatform(t, [{ status: 201, json: { key: secret } }, ...rest])
    const failure = await client.create(newKey, 'idem-1').catch((cause: unknown) => cause)
    t.match(failure, { code: 'failed', ambiguous: true, message: /lacks `id`/ })
    t.equal(unplacedSecret(failure)?.secret.reveal(), secret)
  }
})

t.test(
  'takes what an answer with a secret lacks from what was asked for, where nobody else tells',
  async t => {
    const odd = { id: 'key_abc123', name: 7, scope: null, permissions: ['read_scenarios'], status: 'new' }
    const { client } = scriptedPlatform(t, [
      {
        status: 201,
        json: { api_key: odd, key: secret },
        headers: { date: 'Sun, 01 Mar 2026 11:59:00 GMT' },
      },
      { status: 403, json: {} },
    ])
    const issued = await client.create(newKey, 'idem-1')
    t.equal(issued.secret?.reveal(), secret)
    t.match(issued.key, {
      id: 'key_abc123',
      name: 'CI/CD Pipeline',
      description: 'Nightly',
      ownership: { kind: 'managed', marker },
      maskedKey: '****...mno34',
      environment: 'ci',
      scope: newKey.scope,
      permissions: ['read_scenarios'],
      createdAt: Date.UTC(2026, 2, 1, 11, 59),
      expiresAt: Date.UTC(2026, 4, 30, 11, 59),
      lastUse: { known: false },
      status: 'active',
      version: null,
    })
  },
)

t.test(
  'sends the only project of a scope, and its id from the moment that the platform wants it',
  async t => {
    const one = { ...newKey, scope: ['sales-assistant'] }
    const wanted = { status: 422, json: { detail: [{ loc: ['body', 'project_id'], msg: 'not an id' }] } }
    const made = { status: 201, json: { api_key: wireKey(), key: secret } }
    const projects = { json: [{ id: 'proj_7', name: 'sales-assistant' }] }
    const { client, seen } = scriptedPlatform(t, [wanted, projects, made, made])
    await client.create(one, 'idem-1')
    await client.create(one, 'idem-2')
    t.same(
      seen.map(({ call, headers }) => [call, headers.get('idempotency-key')]),
      [
        ['POST /api/api-keys', 'idem-1'],
        ['GET /api/projects', null],
        ['POST /api/api-keys', 'idem-1-project'],
        ['POST /api/api-keys', 'idem-2-project'],
      ],
    )
    t.match(JSON.parse(seen[0]?.body ?? ''), { scope: ['sales-assistant'], project_id: 'sales-assistant' })
    t.match(JSON.parse(seen[2]?.body ?? ''), { scope: ['sales-assistant'], project_id: 'proj_7' })
  },
)

t.test(
  'names a version that is refused again only where somebody looked and it was still that one',
  async t => {
    const refused = { status: 412, json: {} }
    const rename = (client: PlatformClient) =>
      client.update('key_abc123', { name: 'n' }, { ifMatch: '3' }).catch((cause: unknown) => cause)
    const unseen = scriptedPlatform(t, [refused, refused])
    await rename(unseen.client)
    t.match(await rename(unseen.client), { code: 'conflict', message: /changed by someone else/ })
    const looked = scriptedPlatform(t, [refused, { json: wireKey() }, refused])
    await rename(looked.client)
    await looked.client.get('key_abc123')
    t.match(await rename(looked.client), { code: 'failed', message: /412 .* still at version 3/ })
    const moved = scriptedPlatform(t, [refused, { json: wireKey({ version: 4 }) }])
    t.match(await moved.client.revoke('key_abc123', { ifMatch: '3' }).catch((cause: unknown) => cause), {
      code: 'conflict',
      message: /changed by someone else/,
    })
  },
)

t.test('quotes a version, and sends one that is quoted already as it is', async t => {
  for (const [version, header] of [
    ['3', '"3"'],
    ['"3"', '"3"'],
    ['W/"a"', 'W/"a"'],
    ['a"b', null],
  ] as const) {
    const { client, seen } = scriptedPlatform(t, [{ json: wireKey() }])
    await client.update('key_abc123', { name: 'n' }, { ifMatch: version })
    t.equal(seen[0]?.headers.get('if-match'), header)
  }
})

t.test('updates only what is given, guarded by the version', async t => {
  const { client, seen } = scriptedPlatform(t, [{ json: wireKey() }, { json: wireKey() }])
  await client.update('key_abc123', { scope: 'all', expiresAt: null }, { ifMatch: '3' })
  await client.update(
    'key_abc123',
    {
      name: 'n',
      description: { text: '', marker: null },
      permissions: ['b', 'a'],
      expiresAt: Date.UTC(2027, 0, 1),
    },
    { ifMatch: null, idempotencyKey: 'i' },
  )
  t.equal(seen[0]?.call, 'PATCH /api/api-keys/key_abc123')
  t.equal(seen[0]?.headers.get('if-match'), '"3"')
  t.equal(seen[0]?.body, '{"scope":"*","expires_at":null}')
  t.notOk(seen[1]?.headers.has('if-match'))
  t.equal(seen[1]?.headers.get('idempotency-key'), 'i')
  t.equal(
    seen[1]?.body,
    '{"name":"n","description":"","permissions":["a","b"],"expires_at":"2027-01-01T00:00:00.000Z"}',
  )
})

t.test('regenerates by version and idempotency key', async t => {
  const { client, seen } = scriptedPlatform(t, [{ json: { api_key: wireKey(), key: secret } }])
  const issued = await client.regenerate('key_abc123', { ifMatch: '3', idempotencyKey: 'i' })
  t.equal(seen[0]?.call, 'POST /api/api-keys/key_abc123/regenerate')
  t.equal(seen[0]?.headers.get('if-match'), '"3"')
  t.equal(seen[0]?.headers.get('idempotency-key'), 'i')
  t.equal(seen[0]?.body, '')
  t.equal(issued.secret?.reveal(), secret)
})

t.test('keeps the secret of a regenerated key where the answer says nothing else', async t => {
  const { client } = scriptedPlatform(t, [{ json: { key: secret } }, { json: wireKey() }])
  const issued = await client.regenerate('key_abc123', { ifMatch: null, idempotencyKey: 'i' })
  t.equal(issued.secret?.reveal(), secret)
  t.equal(issued.key.id, 'key_abc123')
})

t.test('refuses an answer that is about another key', async t => {
  const other = { json: wireKey({ id: 'key_other' }) }
  const issued = { json: { api_key: wireKey({ id: 'key_other' }), key: secret } }
  const { client } = scriptedPlatform(t, [other, other, issued])
  const failure = { code: 'failed', message: /about another key: its `id` is key_other/ }
  await t.rejects(client.get('key_abc123'), failure)
  await t.rejects(client.update('key_abc123', { name: 'n' }, { ifMatch: null }), {
    ...failure,
    ambiguous: true,
  })
  await t.rejects(client.regenerate('key_abc123', { ifMatch: null, idempotencyKey: 'i' }), failure)
})

t.test('revokes, and takes a key that is gone already for revoked', async t => {
  const { client, seen } = scriptedPlatform(t, [
    { status: 204 },
    { status: 404, json: { detail: 'Not found' } },
    { status: 404, text: '' },
    { json: {} },
  ])
  for (let turn = 0; turn < 4; turn++) await client.revoke('key_abc123', { ifMatch: '3' })
  t.equal(seen[0]?.call, 'DELETE /api/api-keys/key_abc123')
  t.equal(seen[0]?.headers.get('if-match'), '"3"')
})

t.test('does not take a web page for a revocation', async t => {
  const page = { text: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } }
  const { client } = scriptedPlatform(t, [page, { ...page, status: 404 }])
  await t.rejects(client.revoke('key_abc123'), { code: 'network', message: /^Not the FluxLoop API/ })
  await t.rejects(client.revoke('key_abc123'), { code: 'network', message: /^Not the FluxLoop API/ })
})

t.test('sends nothing for an id that would leave its place in the path', async t => {
  const { client } = scriptedPlatform(t, [])
  for (const id of ['', '.', '..', '../projects', 'a/b', 'a%2fb', 'key abc', 'key?x', 'x'.repeat(129)]) {
    await t.rejects(client.get(id), { code: 'usage' }, id)
    await t.rejects(client.revoke(id), { code: 'usage' }, id)
  }
  t.equal(client.requests(), 0)
})

t.test('asks who we are, also with another secret', async t => {
  const json = { account: 'acme', organizations: [], api_key: wireKey({ permissions: ['*'], scope: '*' }) }
  const { client, seen } = scriptedPlatform(t, [
    { json },
    { json: { account: 'ann@acme.test', api_key: null } },
  ])
  const key = await client.whoami()
  const user = await client.whoamiAs(new Secret('another-token'), { maskedKey: 'an****...oken' })
  t.match(key, {
    account: 'acme',
    key: { id: 'key_abc123', scope: 'all', permissions: ['*'] },
    liveKey: { version: '3' },
  })
  t.same(user, { account: 'ann@acme.test', key: null, liveKey: null })
  t.equal(seen[1]?.headers.get('authorization'), 'Bearer another-token')
})

t.test('says in the user agent what a look at a secret is for, and nothing of other calls', async t => {
  const answer = { json: { account: 'acme', api_key: null } }
  const { client, seen } = scriptedPlatform(t, [answer, answer, answer])
  const [secret, key] = [new Secret('another-token'), { maskedKey: 'an****...oken' }]
  await client.whoamiAs(secret, key, 'before-delivery')
  await client.whoamiAs(secret, key)
  await client.whoami()
  t.strictSame(
    seen.map(({ headers }) => headers.get('user-agent')),
    ['fluxloop-keys/test (before delivery)', 'fluxloop-keys/test (proof)', 'fluxloop-keys/test'],
  )
})

t.test('sends no other secret than one that ends like the masked key', async t => {
  const { client, seen } = scriptedPlatform(t, [{ json: { account: 'acme', api_key: null } }])
  const secret = new Secret('wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY')
  for (const maskedKey of [
    'flux_ci_****...mno34',
    'flux_ci_****...EY',
    'flux_ci_****...',
    'flux_ci_****...PLEKEy',
    '',
    '****',
  ]) {
    t.equal(await client.whoamiAs(secret, { maskedKey }), null, maskedKey)
    client.actAs(secret, { maskedKey })
  }
  t.equal(
    await client.whoamiAs(new Secret('EY'), { maskedKey: '****...LEKEY' }),
    null,
    'shorter than what is shown',
  )
  t.strictSame(seen, [])
  await client.whoami()
  t.notMatch(seen[0]?.headers.get('authorization'), /EXAMPLEKEY/, 'the caller is still the same')
})

t.test('reads projects in both of their shapes', async t => {
  const { client } = scriptedPlatform(t, [
    { json: [{ id: 'p1', name: 'support', status: 'active' }] },
    { json: { projects: [{ project_id: 'p2', project_name: 'sales' }] } },
  ])
  t.same(await client.projects(), [{ id: 'p1', name: 'support', status: 'active' }])
  t.same(await client.projects(), [{ id: 'p2', name: 'sales', status: null }])
})

t.test('reads usage, with what is optional absent or there', async t => {
  const plain = {
    total: 3,
    by_day: { '2026-03-01': 3 },
    by_operation: { 'Pull scenarios': 3 },
    by_project: {},
  }
  const rich = {
    ...plain,
    by_operation_and_project: { pull: { sales: 2 } },
    addresses: [{ ip: '192.0.2.1', requests: 3 }],
  }
  const { client, seen } = scriptedPlatform(t, [{ json: plain }, { json: rich }])
  const first = await client.usage('key_abc123', 30)
  const second = await client.usage('key_abc123', 7)
  t.equal(seen[0]?.call, 'GET /api/api-keys/key_abc123/usage?days=30')
  t.equal(first.total, 3)
  t.equal(first.byDay.get('2026-03-01'), 3)
  t.equal(first.addresses, null)
  t.equal(first.byOperationAndProject, null)
  t.equal(second.byOperationAndProject?.get('pull')?.get('sales'), 2)
  t.same(second.addresses, [{ ip: '192.0.2.1', requests: 3 }])
})

t.test('reports every try by method and path, without query, header or body', async t => {
  const told: RequestInfo[] = []
  const { client } = scriptedPlatform(t, [{ status: 500, json: {} }, { json: [] }], {
    onRequest: info => told.push(info),
  })
  await client.list()
  t.same(told, [
    { method: 'GET', path: '/api/api-keys', status: 500, try: 1, milliseconds: 0 },
    { method: 'GET', path: '/api/api-keys', status: 200, try: 2, milliseconds: 0 },
  ])
  t.equal(client.requests(), 2, 'every try counts')
})
