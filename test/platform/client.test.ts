import t from 'tap'
import type { Marker } from '../../src/model/marker.ts'
import { Secret } from '../../src/model/secret.ts'
import type { NewKey, RequestInfo } from '../../src/platform/types.ts'
import { scriptedPlatform, sentinel, wireKey } from '../support/scripted-platform.ts'

const marker: Marker = {
  stack: 'acme',
  keyId: 'ci-pipeline',
  generation: 1,
  binding: { kind: 'moment', at: 1_763_800_000_000 },
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

t.test('says that a key was made, where the answer to create does not say which', async t => {
  const { client } = scriptedPlatform(t, [{ status: 201, json: { key: secret } }])
  await t.rejects(client.create(newKey, 'idem-1'), { code: 'failed', ambiguous: true, message: /lacks `id`/ })
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
  t.equal(seen[0]?.headers.get('if-match'), '3')
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
  t.equal(seen[0]?.headers.get('if-match'), '3')
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
  t.equal(seen[0]?.headers.get('if-match'), '3')
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

t.test('tells of every try by method and path, without query, header or body', async t => {
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
