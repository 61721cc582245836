// A platform that lacks calls: how the client goes on without, and what it says where it cannot.
import t, { type Test } from 'tap'
import { Secret } from '../../src/model/secret.ts'
import { createClient } from '../../src/platform/client.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'
import { dispensable, required } from '../support/missing-calls.ts'
import { failureOf, newKey } from '../support/platform-calls.ts'
import { type Variant, changedKeys, isCall, noSuchCall, variantPlatform } from '../support/variant-proxy.ts'
import { overFetch } from '../../src/platform/transport.ts'

/** A client of a sandbox with differences, as its administrator or as somebody else. */
function scene(t: Test, ...variants: readonly Variant[]) {
  const sandbox = openSandbox({ database: ':memory:' })
  t.teardown(() => sandbox.close())
  const administrator = sandbox.issueAdministrator()
  const requests: string[] = []
  const platform = variantPlatform(request => sandbox.handle(request), variants)
  const clientAs = (credential: Secret, callerId: string | null = null) =>
    createClient({
      baseUrl: 'http://localhost',
      credential,
      callerId,
      transport: overFetch(request => {
        requests.push(`${request.method} ${new URL(request.url).pathname.replace(/key_\w+/, ':id')}`)
        return platform(request)
      }),
      userAgent: 'fluxloop-keys/test',
      random: () => 0,
      sleep: async () => undefined,
      now: Date.now,
    })
  return { sandbox, administrator, clientAs, client: clientAs(administrator), requests }
}

/** Every key shows the same end. */
const sameEnds: Variant = {
  name: 'same ends',
  answer: async (request, platform) =>
    await changedKeys(await platform(request), key => ({ ...key, masked_key: 'flux_****' })),
}

t.test('finds the calling key by its end in the list, with the requests of a plan', async t => {
  const { client, sandbox, requests } = scene(t, dispensable.whoami)
  await client.list()
  const { account, key, liveKey } = await client.whoami()
  t.equal(account, 'unknown')
  t.match(key, { permissions: ['*'], scope: 'all' })
  t.equal(liveKey?.id, key?.id)
  t.strictSame(requests, ['GET /api/api-keys', 'GET /api/auth/whoami'])
  await client.whoami()
  t.equal(requests.length, 2, 'what is missing is not asked for again')
  sandbox.close()
})

t.test('takes the word of --caller where the list does not show it, and no other', async t => {
  const { clientAs, client, administrator } = scene(t, dispensable.whoami, sameEnds)
  t.match(await failureOf(client.whoami()), {
    code: 'usage',
    message: 'The platform lacks GET /api/auth/whoami, and no key of its list ends like the credential',
    hints: [/--caller KEY_ID/],
  })
  const [own] = (await client.list()).keys
  t.match(await clientAs(administrator, own?.id ?? '').whoami(), { key: { id: own?.id } })
  t.match(await clientAs(administrator, 'none').whoami(), { key: null })
  t.match(await failureOf(clientAs(administrator, 'key_none').whoami()), {
    message: /its list has no key key_none, which --caller names$/,
  })
})

t.test('refuses a --caller that the credential does not end like', async t => {
  const { clientAs, client, administrator } = scene(t, dispensable.whoami)
  const other = await client.create(newKey, 'i')
  t.match(await failureOf(clientAs(administrator, other.key.id).whoami()), {
    code: 'usage',
    message: `The credential does not end like ${other.key.id}, which --caller names`,
  })
})

t.test('takes a credential that looks like no key for the token of a user', async t => {
  const { clientAs, sandbox } = scene(t, dispensable.whoami)
  t.match(await clientAs(sandbox.issueUserToken('kim@example.com')).whoami(), { key: null, liveKey: null })
})

t.test('proves a new secret by its end and by a known route that does not answer 401', async t => {
  const { client, requests } = scene(t, dispensable.whoami)
  await client.list()
  await client.whoami()
  const { key, secret } = await client.create(newKey, 'i')
  if (secret === null) throw new Error('no secret')
  requests.splice(0)
  t.match(await client.whoamiAs(secret, key), { key: { id: key.id }, liveKey: { name: 'n' } })
  t.strictSame(requests, ['GET /api/projects', 'GET /api/api-keys/:id'])
  await client.regenerate(key.id, { ifMatch: null, idempotencyKey: 'r' })
  t.match(await failureOf(client.whoamiAs(secret, key)), { code: 'authentication' }, 'it is dead')
  t.equal(await client.whoamiAs(new Secret('flux_dev_another'), key), null, 'nothing is sent')
})

t.test('proves a secret by the list of keys where projects cannot be listed', async t => {
  const projects: Variant = {
    name: 'projects',
    answer: async (request, platform) =>
      isCall(request, 'GET', '/api/projects') ? noSuchCall() : await platform(request),
  }
  const { client, requests } = scene(t, dispensable.whoami, projects, dispensable['one key'])
  await client.whoami()
  const { key, secret } = await client.create(newKey, 'i')
  if (secret === null) throw new Error('no secret')
  requests.splice(0)
  t.match(await client.whoamiAs(secret, key), { key: { id: key.id } })
  t.strictSame(requests, [
    'GET /api/projects',
    'GET /api/api-keys',
    'GET /api/api-keys/:id',
    'GET /api/api-keys',
  ])
})

t.test('looks for a key in the list where one key cannot be asked for', async t => {
  const { client, requests } = scene(t, dispensable['one key'])
  const { key } = await client.create(newKey, 'i')
  t.equal((await client.get(key.id)).name, 'n')
  requests.splice(0)
  await client.revoke(key.id)
  t.match(await failureOf(client.get(key.id)), { code: 'not-found', exitCode: 5 })
  t.strictSame(requests, ['DELETE /api/api-keys/:id', 'GET /api/api-keys'])
})

t.test('names a missing call and what cannot work, whether it answers 404 or 405', async t => {
  for (const status of [404, 405] as const) {
    for (const [method, below, message] of [
      [
        'GET',
        '/usage',
        /^The platform lacks GET \/api\/api-keys\/\{id\}\/usage \(40\d\): the usage of a key cannot/,
      ],
      ['PATCH', '', /^The platform lacks PATCH \/api\/api-keys\/\{id\} \(40\d\): no key can be updated/],
      ['POST', '/regenerate', /^The platform lacks POST .*regenerate \(40\d\): no key can be regenerated/],
      ['DELETE', '', /^The platform lacks DELETE \/api\/api-keys\/\{id\} \(40\d\): no key can be revoked/],
    ] as const) {
      const missing: Variant = {
        name: method,
        answer: async (request, platform) =>
          isCall(request, method, `/api/api-keys/:id${below}`) ? noSuchCall(status) : await platform(request),
      }
      const { client } = scene(t, missing)
      const { id } = (await client.create(newKey, 'i')).key
      const calls = {
        GET: () => client.usage(id, 30),
        PATCH: () => client.update(id, { name: 'x' }, { ifMatch: null }),
        POST: () => client.regenerate(id, { ifMatch: null, idempotencyKey: 'i' }),
        DELETE: () => client.revoke(id),
      }
      const failure = await failureOf(calls[method]())
      t.match(failure, { code: 'failed', exitCode: 1, message }, `${method} ${status}`)
      t.notMatch(JSON.stringify(failure), /Check the URL|api-url/)
    }
  }
})

t.test('tells a key that is gone from a call that is missing', async t => {
  const { client } = scene(t)
  const { id } = (await client.create(newKey, 'i')).key
  await client.revoke(id)
  await client.revoke(id)
  for (const call of [
    client.usage(id, 30),
    client.update(id, { name: 'x' }, { ifMatch: null }),
    client.regenerate(id, { ifMatch: null, idempotencyKey: 'i' }),
  ])
    t.match(await failureOf(call), { code: 'not-found' })
})

t.test('doubts the URL only where no call works', async t => {
  const list = scene(t, required.list)
  t.match(await failureOf(list.client.list()), { message: /^Not the FluxLoop API/, hints: [/Check the URL/] })
  const neither = scene(t, required.list, dispensable.whoami)
  t.match(await failureOf(neither.client.whoami()), {
    message: /GET \/api\/api-keys/,
    hints: [/Check the URL/],
  })
  const known = scene(t, required.list)
  await known.client.whoami()
  t.match(await failureOf(known.client.list()), {
    message: /^The platform lacks GET \/api\/api-keys \(404\): keys cannot be listed/,
  })
})

t.test('does not doubt the URL for a page in place of an answer, once another call has worked', async t => {
  for (const [status, message] of [
    [200, /^The platform at http:\/\/localhost answered GET \/api\/projects with something else than JSON$/],
    [307, /^The platform at http:\/\/localhost redirects GET \/api\/projects elsewhere/],
  ] as const) {
    const page: Variant = {
      name: 'a page',
      answer: async (request, platform) =>
        isCall(request, 'GET', '/api/projects')
          ? new Response('<html>', { status, headers: { 'content-type': 'text/html', location: '/login' } })
          : await platform(request),
    }
    const { client } = scene(t, page)
    t.match(await failureOf(client.projects()), { hints: [/Check the URL/] })
    await client.list()
    const failure = await failureOf(client.projects())
    t.match(failure, { message })
    t.notMatch(failure, { hints: [/Check the URL/] })
  }
})
