import t from 'tap'
import { runSandbox } from '../../src/commands/sandbox-command.ts'
import { testContext } from '../support/context.ts'
import { failed } from '../support/failed.ts'
import { referencePlatform } from '../support/reference.ts'
import { serveForTest } from '../support/sandbox.ts'

t.test('a seeded sandbox has the keys of the page, and their secrets work', async t => {
  const { sandbox, secrets, credential } = referencePlatform(t)
  const ask = async (path: string, as = credential) => {
    const headers = { authorization: `Bearer ${as.reveal()}` }
    const answer = await sandbox.handle(new Request(`http://any.origin${path}`, { headers }))
    return (await answer.json()) as Record<string, unknown>
  }
  const { api_keys } = await ask('/api/api-keys')
  t.match(api_keys, { length: 6 })
  const shown = await ask('/api/api-keys/key_abc123')
  t.match(shown, {
    name: 'Production Deployment',
    masked_key: 'flux_prod_****...mno',
    created_at: '2024-01-15T12:00:00.000Z',
    last_used: { ip: '192.168.1.100', location: 'San Francisco, CA', user_agent: 'fluxloop-cli/1.2.3' },
  })
  t.match(await ask('/api/api-keys/key_abc123/usage'), {
    total: 1234,
    by_operation: { 'Pull scenarios': 567, 'Upload results': 432, 'Create scenarios': 235 },
    by_project: { 'customer-support-bot': 987, 'sales-assistant': 247 },
  })
  for (const [id, secret] of secrets) {
    if (id === 'key_pqr345') continue
    t.match(await ask('/api/auth/whoami', secret), { api_key: { id } }, id)
  }
  const expired = secrets.get('key_pqr345')
  t.match(await ask('/api/auth/whoami', expired), { code: 'api_key_expired', name: 'Production Key' })
})

t.test('at another moment everything is as long ago as on the page', async t => {
  const served = await serveForTest(t)
  served.sandbox.seedReference(['key_def456'])
  const { json } = await served.call('GET', '/api/api-keys/key_def456')
  t.match(json, { last_used_at: '2026-03-01T10:00:00.000Z', expires_at: '2026-05-24T14:00:00.000Z' })
})

t.test('a person is not a key: in no list, with every permission, and no other token is one', async t => {
  const served = await serveForTest(t)
  const secret = served.sandbox.issueUserToken('dev@example.com').reveal()
  const me = await served.call('GET', '/api/auth/whoami', { secret })
  t.same(me.json, { account: 'dev@example.com', organizations: ['sandbox'], api_key: null })
  const made = await served.call('POST', '/api/api-keys', {
    secret,
    body: { name: 'a', permissions: ['*'] },
    headers: { 'idempotency-key': 'one' },
  })
  t.equal(made.status, 201)
  const { json } = await served.call('GET', '/api/api-keys', { secret })
  t.equal(json.api_keys?.length, 2, 'the administrator of the test and the new key')
  const other = await served.call('GET', '/api/auth/whoami', { secret: `${secret}x` })
  t.equal(other.status, 401)
})

t.test('sandbox --seed reference serves the keys of the page to a person', async t => {
  const context = testContext({
    with: {
      untilStopped: async () => {
        const { url, api_key } = JSON.parse(context.out()) as { url: string; api_key: string }
        const headers = { authorization: `Bearer ${api_key}` }
        const answer = await fetch(`${url}/api/api-keys`, { headers })
        const { api_keys } = (await answer.json()) as { api_keys: { id: string }[] }
        t.strictSame(api_keys.map(({ id }) => id).toSorted(), [
          'key_abc123',
          'key_def456',
          'key_ghi789',
          'key_jkl012',
          'key_pqr345',
          'key_xyz789',
        ])
      },
    },
  })
  const asked = { json: true, port: 0, database: null, seed: 'reference', rateLimit: null }
  t.equal(await runSandbox(asked, context), 0)
  for (const wrong of [
    { ...asked, seed: 'other' },
    { ...asked, database: 'a.db' },
    { ...asked, rateLimit: 'many' },
  ])
    t.equal((await failed(runSandbox(wrong, testContext()))).exitCode, 2)
})
