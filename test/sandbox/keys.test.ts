import t from 'tap'
import { type Json, serveForTest } from '../support/sandbox.ts'

const path = '/api/api-keys'
const day = 86_400_000

t.test(
  'a body of project and name makes a key for that project, with the defaults of the web form',
  async t => {
    const served = await serveForTest(t)
    const { status, json, headers } = await served.call('POST', path, {
      body: { project_id: 'sales-assistant', name: 'My key', colour: 'ignored' },
    })
    t.equal(status, 201)
    t.match(json['key'], /^flux_dev_[0-9a-z]{32}$/)
    t.match(json.api_key, {
      id: /^key_/,
      name: 'My key',
      description: '',
      masked_key: `flux_dev_****...${String(json['key']).slice(-5)}`,
      environment: 'dev',
      scope: ['sales-assistant'],
      permissions: ['read_scenarios', 'upload_results', 'create_scenarios'],
      created_at: '2026-03-01T12:00:00.000Z',
      regenerated_at: null,
      expires_at: '2026-05-30T12:00:00.000Z',
      last_used_at: null,
      last_used: null,
      status: 'active',
      version: 1,
    })
    t.equal(headers.get('etag'), '"1"')
    t.equal(
      headers.get('date'),
      'Sun, 01 Mar 2026 12:00:00 GMT',
      'the clock of the sandbox, not of the machine',
    )
    const all = await served.key({ name: 'Wide', expires_in: null })
    t.match(all.key, { scope: '*', expires_at: null })
  },
)

t.test('the name tells the environment, where none is given', async t => {
  const served = await serveForTest(t)
  for (const [name, environment] of [
    ['Production Deployment', 'prod'],
    ['Staging', 'stg'],
    ['CI/CD Pipeline', 'ci'],
    ['my ci key', 'ci'],
    ['Circle', 'dev'],
    ['Backup Key', 'dev'],
  ] as const) {
    const { key, secret } = await served.key({ name })
    t.equal(key['environment'], environment, name)
    t.ok(secret.startsWith(`flux_${environment}_`), name)
  }
  t.match((await served.key({ name: 'Production', environment: 'ci' })).secret, /^flux_ci_/, 'one given wins')
})

t.test('a wrong body is a 422 that says where and what, and makes no key', async t => {
  const served = await serveForTest(t)
  const cases: [Record<string, unknown>, (string | number)[], string][] = [
    [{}, ['name'], 'missing'],
    [{ name: ' ' }, ['name'], 'string_too_short'],
    [{ name: 7 }, ['name'], 'string_type'],
    [{ name: 'a', description: 'é'.repeat(501) }, ['description'], 'string_too_long'],
    [{ name: 'a', scope: 'sales-assistant' }, ['scope'], 'list_type'],
    [{ name: 'a', scope: [] }, ['scope'], 'too_short'],
    [{ name: 'a', scope: ['sales-assistant', 'nope'] }, ['scope', 1], 'unknown_project'],
    [{ name: 'a', project_id: 'nope' }, ['project_id'], 'unknown_project'],
    [{ name: 'a', permissions: ['read_results', 'fly'] }, ['permissions', 1], 'unknown_permission'],
    [{ name: 'a', permissions: { read_results: true } }, ['permissions'], 'list_type'],
    [{ name: 'a', expires_in: 60, expires_at: null }, ['expires_in'], 'value_error'],
    [{ name: 'a', expires_in: 0 }, ['expires_in'], 'value_error'],
    [{ name: 'a', expires_in: '60' }, ['expires_in'], 'int_type'],
    [{ name: 'a', expires_in: 1e12 }, ['expires_in'], 'value_error'],
    [{ name: 'a', expires_at: 'soon' }, ['expires_at'], 'datetime_parsing'],
    [{ name: 'a', expires_at: '2026-03-01T12:00:00Z' }, ['expires_at'], 'datetime_future'],
    [{ name: 'a', environment: 'test' }, ['environment'], 'enum'],
  ]
  for (const [body, loc, type] of cases) {
    const { status, json } = await served.call('POST', path, { body })
    t.equal(status, 422, JSON.stringify(body))
    t.match(json['detail'], [{ loc: ['body', ...loc], type, msg: String }], JSON.stringify(body))
  }
  for (const body of ['', '{', '[]', 'null', '"x"']) {
    t.equal((await served.call('POST', path, { body })).status, 422, `body ${body}`)
  }
  const both = await served.call('POST', path, { body: { name: '', permissions: ['fly'] } })
  t.match(both.json['detail'], { length: 2 }, 'all issues come in one answer')
  t.equal((await served.call('GET', path)).json.api_keys?.length, 1, 'only the administrator is there')
  const longest = await served.key({ name: 'a', description: '😀'.repeat(500) })
  t.equal(longest.key['description'], '😀'.repeat(500), '500 characters are not too many')
})

t.test(
  'a change touches only what it names and moves the version; the environment cannot change',
  async t => {
    const served = await serveForTest(t)
    const { id, key } = await served.key({ name: 'One', scope: ['sales-assistant'], expires_in: 90 * 86_400 })
    served.now += 10 * day
    const changed = await served.call('PATCH', `${path}/${id}`, { body: { description: 'for tests' } })
    t.same(changed.json, { ...key, description: 'for tests', version: 2 })
    t.equal(changed.headers.get('etag'), '"2"')
    const more = await served.call('PATCH', `${path}/${id}`, {
      body: { name: 'Two', scope: '*', permissions: ['read_results', '*'], expires_in: 86_400 },
    })
    t.match(more.json, {
      name: 'Two',
      scope: '*',
      permissions: ['*'],
      expires_at: '2026-03-12T12:00:00.000Z',
      version: 3,
    })
    const moved = await served.call('PATCH', `${path}/${id}`, { body: { environment: 'dev' } })
    t.equal(moved.status, 422)
    t.match(moved.json['detail'], [{ loc: ['body', 'environment'] }])
    t.same((await served.call('GET', `${path}/${id}`)).json, more.json)
  },
)

t.test(
  'If-Match refuses every write to a key that has changed since, and the key stays as it is',
  async t => {
    const served = await serveForTest(t)
    const { id, secret } = await served.key({ name: 'One' })
    await served.call('PATCH', `${path}/${id}`, { body: { name: 'Two' } })
    await served.call('GET', '/api/auth/whoami', { secret })
    for (const [method, suffix] of [
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/regenerate'],
    ] as const) {
      for (const tag of ['1', '"1"', 'W/"1"', '2']) {
        const asked = { headers: { 'if-match': tag }, body: { name: 'Three' } }
        const { status, json } = await served.call(method, `${path}/${id}${suffix}`, asked)
        t.equal(status, 412, `${method} ${suffix} ${tag}`)
        t.type(json['detail'], 'string')
      }
    }
    const { json } = await served.call('GET', `${path}/${id}`)
    t.match(json, { name: 'Two', version: 2, regenerated_at: null }, 'use did not move the version')
    t.equal((await served.call('GET', '/api/auth/whoami', { secret })).status, 200)
    const tag = { 'if-match': '"2"' }
    t.equal(
      (await served.call('PATCH', `${path}/${id}`, { headers: tag, body: { name: 'Four' } })).status,
      200,
    )
    t.equal((await served.call('DELETE', `${path}/${id}`, { headers: { 'if-match': '"3"' } })).status, 204)
  },
)

t.test('regenerate ends the old secret at once, keeps the key, and starts its period anew', async t => {
  const served = await serveForTest(t)
  const { id, secret, key } = await served.key({ name: 'One', expires_in: 30 * 86_400 })
  served.now += 40 * day
  const expired = await served.call('GET', '/api/auth/whoami', { secret })
  t.equal(expired.status, 401)
  t.match(expired.json, { code: 'api_key_expired', name: 'One', expired_at: '2026-03-31T12:00:00.000Z' })
  t.equal((await served.call('GET', `${path}/${id}`)).json['status'], 'expired')
  const { status, json } = await served.call('POST', `${path}/${id}/regenerate`)
  t.equal(status, 200)
  t.same(json.api_key, {
    ...key,
    masked_key: `flux_dev_****...${String(json['key']).slice(-5)}`,
    regenerated_at: '2026-04-10T12:00:00.000Z',
    expires_at: '2026-05-10T12:00:00.000Z',
    version: 2,
  })
  t.not(json['key'], secret)
  t.match((await served.call('GET', '/api/auth/whoami', { secret })).json, { code: 'invalid_api_key' })
  t.equal((await served.call('GET', '/api/auth/whoami', { secret: String(json['key']) })).status, 200)
  await served.call('PATCH', `${path}/${id}`, { body: { expires_at: '2026-04-20T12:00:00Z' } })
  served.now += 5 * day
  const again = await served.call('POST', `${path}/${id}/regenerate`)
  t.equal(
    again.json.api_key?.['expires_at'],
    '2026-04-25T12:00:00.000Z',
    'ten days from its making, as the date said',
  )
})

t.test('a revoked key is in no list, answers 404 and authenticates nobody', async t => {
  const served = await serveForTest(t)
  const { id, secret } = await served.key({ name: 'One' })
  const { status, text } = await served.call('DELETE', `${path}/${id}`)
  t.same([status, text], [204, ''])
  for (const [method, suffix] of [
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/regenerate'],
    ['GET', '/usage'],
  ] as const) {
    const asked = method === 'PATCH' ? { body: {} } : {}
    t.equal((await served.call(method, `${path}/${id}${suffix}`, asked)).status, 404, `${method} ${suffix}`)
  }
  t.match((await served.call('GET', '/api/auth/whoami', { secret })).json, { code: 'invalid_api_key' })
  t.equal((await served.call('GET', path)).json.api_keys?.length, 1)
})

t.test('paging gives every key once, in one order, while others are made and revoked', async t => {
  const served = await serveForTest(t)
  const ids: string[] = []
  for (let n = 0; n < 25; n++) {
    if (n % 3 === 0) served.now += 1_000
    ids.push((await served.key({ name: `Key ${n}` })).id)
  }
  const seen: Json[] = []
  let cursor = ''
  do {
    const { json } = await served.call('GET', `${path}?limit=4${cursor && `&cursor=${cursor}`}`)
    seen.push(...(json.api_keys ?? []))
    cursor = (json['next_cursor'] as string | null) ?? ''
    served.now += 1_000
    if (seen.length === 8) await served.call('DELETE', `${path}/${String(seen[7]?.['id'])}`)
  } while (cursor !== '')
  t.same(
    seen
      .map(key => key['id'])
      .filter(id => ids.includes(String(id)))
      .sort(),
    [...ids].sort(),
  )
  const order = seen.map(key => `${String(key['created_at'])} ${String(key['id'])}`)
  t.same(order, [...order].sort())
  t.equal(
    (await served.call('GET', `${path}?limit=5000`)).json.api_keys?.length,
    25,
    'a large limit is capped',
  )
  for (const query of ['limit=0', 'limit=x', 'limit=-1', 'cursor=nonsense', 'cursor=WzFd']) {
    t.equal((await served.call('GET', `${path}?${query}`)).status, 422, query)
  }
})

t.test(
  'the server caps the pages of a large organisation at 100, and at 1,000 where more is asked for',
  async t => {
    const served = await serveForTest(t)
    for (let n = 0; n < 1_005; n++) {
      const headers = { authorization: `Bearer ${served.administrator.reveal()}` }
      const body = JSON.stringify({ name: `Key ${n}` })
      await served.sandbox.handle(
        new Request('http://any.origin/api/api-keys', { method: 'POST', headers, body }),
      )
    }
    t.equal((await served.call('GET', path)).json.api_keys?.length, 100)
    const { json } = await served.call('GET', `${path}?limit=5000`)
    t.equal(json.api_keys?.length, 1_000)
    const rest = await served.call('GET', `${path}?limit=1000&cursor=${String(json['next_cursor'])}`)
    t.same([rest.json.api_keys?.length, rest.json['next_cursor']], [6, null])
  },
)
