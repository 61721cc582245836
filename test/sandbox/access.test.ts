import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openKeptSandbox } from '../../src/runtime/kept-sandbox.ts'
import { operations } from '../../src/sandbox/operations.ts'
import { permissionNames } from '../../src/sandbox/permissions.ts'
import { serveForTest } from '../support/sandbox.ts'

const path = '/api/api-keys'

t.test('every permission guards an operation, and its lack is a 403 that says what is required', async t => {
  const served = await serveForTest(t)
  for (const permission of permissionNames) {
    t.ok(
      operations.some(operation => operation.permission === permission),
      permission,
    )
    const { secret } = await served.key({ name: permission, permissions: [permission] })
    for (const { id, method, path, permission: needed } of operations) {
      const asked = { secret, ...(method === 'GET' ? {} : { body: { name: 'x', project_id: 'nope' } }) }
      const { status, json } = await served.call(method, path.replace('{id}', 'none'), asked)
      const title = `${id} with ${permission}`
      if (needed === null || needed === permission) {
        t.ok([200, 201, 404, 422].includes(status), `${title}: ${status}`)
      } else {
        t.equal(status, 403, title)
        t.match(
          json,
          { code: 'insufficient_permissions', required: [needed], current: [permission], detail: String },
          title,
        )
      }
    }
  }
})

t.test('a request without a good credential is a 401 with a code', async t => {
  const served = await serveForTest(t)
  for (const authorization of ['', 'Bearer', 'Bearer flux_dev_x', `Basic ${served.administrator.reveal()}`]) {
    const response = await fetch(`${served.url}/api/auth/whoami`, { headers: { authorization } })
    t.equal(response.status, 401, authorization)
    t.match(await response.json(), { detail: String, code: 'invalid_api_key' })
  }
})

t.test('whoami needs no permission and shows the key, its last use being the one before', async t => {
  const served = await serveForTest(t)
  const { id, secret } = await served.key({ name: 'One', permissions: [] })
  const first = await served.call('GET', '/api/auth/whoami', { secret })
  t.match(first.json, { account: 'sandbox', organizations: ['sandbox'], api_key: { id, last_used_at: null } })
  served.now += 60_000
  const second = await served.call('GET', '/api/auth/whoami', {
    secret,
    headers: { 'user-agent': 'probe/1' },
  })
  t.equal(second.json.api_key?.['last_used_at'], '2026-03-01T12:00:00.000Z')
  const { json } = await served.call('GET', `${path}/${id}`)
  t.match(json, { last_used_at: '2026-03-01T12:01:00.000Z', version: 1 })
  t.same(json['last_used'], { ip: '127.0.0.1', user_agent: 'probe/1' }, 'and no location, which nobody knows')
})

t.test(
  'nobody grants what it does not have: permissions, projects, or the secret of a mightier key',
  async t => {
    const served = await serveForTest(t)
    const projects = ['sales-assistant', 'analytics-agent']
    const { secret } = await served.key({
      name: 'Key manager',
      permissions: ['manage_keys', 'read_results'],
      scope: projects,
    })
    const create = (body: Record<string, unknown>) => served.call('POST', path, { secret, body })
    const fine = { name: 'a', permissions: ['read_results'], scope: ['sales-assistant'] }
    t.match(await create({ ...fine, permissions: ['read_results', 'read_scenarios'] }), {
      status: 403,
      json: { required: ['read_scenarios'], current: ['manage_keys', 'read_results'] },
    })
    t.equal((await create({ ...fine, permissions: ['*'] })).status, 403)
    t.match(await create({ ...fine, scope: ['sales-assistant', 'customer-support-bot'] }), {
      status: 403,
      json: { required: ['project:customer-support-bot'] },
    })
    t.match(await create({ name: 'a', permissions: ['read_results'] }), {
      status: 403,
      json: { required: ['project:*'] },
    })
    const { status, json } = await create(fine)
    t.equal(status, 201)
    const own = `${path}/${String(json.api_key?.['id'])}`
    t.equal(
      (await served.call('PATCH', own, { secret, body: { permissions: ['upload_results'] } })).status,
      403,
    )
    t.equal((await served.call('PATCH', own, { secret, body: { scope: projects } })).status, 200)

    const mighty = await served.key({
      name: 'b',
      permissions: ['read_results', 'upload_results'],
      scope: projects,
    })
    const itsPath = `${path}/${mighty.id}`
    t.equal((await served.call('POST', `${itsPath}/regenerate`, { secret })).status, 403)
    t.equal((await served.call('GET', '/api/auth/whoami', { secret: mighty.secret })).status, 200)
    const narrowed = await served.call('PATCH', itsPath, {
      secret,
      body: { permissions: ['upload_results'] },
    })
    t.equal(narrowed.status, 200, 'to take away is not a grant')
  },
)

t.test('a key for some projects sees neither keys nor projects nor work beyond them', async t => {
  const served = await serveForTest(t)
  const { secret, id } = await served.key({ name: 'One', permissions: ['*'], scope: ['sales-assistant'] })
  const inner = await served.key({ name: 'Inner', scope: ['sales-assistant'] })
  const outer = await served.key({ name: 'Outer', scope: ['sales-assistant', 'analytics-agent'] })
  const listed = await served.call('GET', path, { secret })
  t.same(listed.json.api_keys?.map(key => key['id']).sort(), [id, inner.id].sort())
  t.equal((await served.call('GET', `${path}/${outer.id}`, { secret })).status, 404)
  t.equal((await served.call('DELETE', `${path}/${outer.id}`, { secret })).status, 404)
  t.same((await served.call('GET', '/api/projects', { secret })).json, {
    projects: [{ id: 'proj_sales-assistant', name: 'sales-assistant', status: 'active' }],
  })
  t.equal((await served.call('GET', '/api/projects/analytics-agent', { secret })).status, 404)
  t.equal((await served.call('POST', '/api/projects', { secret, body: { name: 'mine' } })).status, 403)
  const body = { project_id: 'analytics-agent', name: 'Greeting', content: { turns: 3 } }
  t.equal((await served.call('POST', '/api/scenarios', { secret, body })).status, 403)
  const made = await served.call('POST', '/api/scenarios', { body })
  t.equal(made.status, 201)
  t.same((await served.call('GET', '/api/scenarios', { secret })).json, { scenarios: [] })
  t.equal((await served.call('DELETE', `/api/scenarios/${String(made.json['id'])}`, { secret })).status, 403)
})

t.test('scenarios, results, projects and members are really kept', async t => {
  const served = await serveForTest(t)
  t.equal((await served.call('POST', '/api/projects', { body: { name: 'new-bot' } })).status, 201)
  t.equal((await served.call('POST', '/api/projects', { body: { name: 'new-bot' } })).status, 409)
  await served.key({ name: 'a', scope: ['new-bot'] })
  const made = await served.call('POST', '/api/scenarios', {
    body: { project_id: 'new-bot', name: 'A', content: [1] },
  })
  const scenario = `/api/scenarios/${String(made.json['id'])}`
  t.equal((await served.call('PATCH', scenario, { body: { content: { b: 2 } } })).status, 200)
  const pulled = await served.call('POST', '/api/sync/pull', { body: { project_id: 'new-bot' } })
  t.match(pulled.json, { scenarios: [{ name: 'A', project: 'new-bot', content: { b: 2 } }] })
  t.equal((await served.call('DELETE', scenario)).status, 204)
  t.same((await served.call('GET', '/api/scenarios')).json, { scenarios: [] })
  await served.call('POST', '/api/sync/upload', { body: { project_id: 'new-bot', results: [{ ok: true }] } })
  await served.call('POST', '/api/sync/turns', { body: { project_id: 'new-bot', turns: ['hello'] } })
  t.match((await served.call('GET', '/api/results?project_id=new-bot')).json, {
    results: [
      { kind: 'result', content: { ok: true } },
      { kind: 'turn', content: 'hello' },
    ],
  })
  t.same((await served.call('GET', '/api/results?project_id=sales-assistant')).json, { results: [] })
  t.equal((await served.call('POST', '/api/members', { body: { email: 'a@b.example' } })).status, 201)
  t.equal((await served.call('POST', '/api/members', { body: { email: 'a@b.example' } })).status, 409)
})

t.test('usage counts what a key was allowed to ask, by day, operation, project and address', async t => {
  const served = await serveForTest(t)
  const { id, secret } = await served.key({ name: 'One', permissions: ['read_scenarios', 'upload_results'] })
  const pull = (project_id: string) => served.call('POST', '/api/sync/pull', { secret, body: { project_id } })
  const upload = { project_id: 'sales-assistant', results: [1] }
  await pull('sales-assistant')
  served.now += 86_400_000
  await pull('sales-assistant')
  await pull('customer-support-bot')
  await pull('no-such-project')
  await served.call('POST', '/api/sync/upload', { secret, body: upload })
  t.equal(
    (await served.call('POST', '/api/members', { secret, body: {} })).status,
    403,
    'refused: not counted',
  )
  const elsewhere = new Request('http://any.origin/api/auth/whoami', {
    headers: { authorization: `Bearer ${secret}`, 'x-fluxloop-sandbox-address': '192.0.2.7' },
  })
  await served.sandbox.handle(elsewhere)
  const { json } = await served.call('GET', `${path}/${id}/usage`)
  t.same(json, {
    total: 6,
    by_day: { '2026-03-01': 1, '2026-03-02': 5 },
    by_operation: { 'Pull scenarios': 4, 'Upload results': 1, 'Check identity': 1 },
    by_project: { 'sales-assistant': 3, 'customer-support-bot': 1 },
    by_operation_and_project: {
      'Pull scenarios': { 'sales-assistant': 2, 'customer-support-bot': 1 },
      'Upload results': { 'sales-assistant': 1 },
    },
    addresses: [
      { ip: '127.0.0.1', requests: 5 },
      { ip: '192.0.2.7', requests: 1 },
    ],
  })
  t.equal((await served.call('GET', `${path}/${id}/usage?days=1`)).json['total'], 5, 'one day is today')
  served.now += 40 * 86_400_000
  t.equal((await served.call('GET', `${path}/${id}/usage`)).json['total'], 0)
  t.equal((await served.call('GET', `${path}/${id}/usage?days=60`)).json['total'], 6)
  t.equal((await served.call('GET', `${path}/${id}/usage?days=0`)).status, 422)
  const forged = { secret, headers: { 'x-fluxloop-sandbox-address': '198.51.100.1' } }
  await served.call('GET', '/api/auth/whoami', forged)
  const { json: shown } = await served.call('GET', `${path}/${id}`)
  t.match(
    shown['last_used'],
    { ip: '127.0.0.1' },
    'over HTTP the socket says where a caller is, not the caller',
  )
})

t.test('unknown routes, wrong methods and bodies that are too large get JSON with a detail', async t => {
  const served = await serveForTest(t)
  for (const [method, path, expected] of [
    ['GET', '/', 404],
    ['GET', '/api/api-keys/a/b/c', 404],
    ['PUT', '/api/api-keys', 405],
    ['DELETE', '/api/auth/whoami', 405],
  ] as const) {
    const { status, json } = await served.call(method, path)
    t.equal(status, expected, `${method} ${path}`)
    t.type(json['detail'], 'string')
  }
  const large = await served.call('POST', path, { body: { name: 'x'.repeat(1024 * 1024) } })
  t.equal(large.status, 413)
  const fits = await served.call('POST', path, { body: { name: 'x', more: 'x'.repeat(1024 * 1024 - 100) } })
  t.equal(fits.status, 201, 'one that just fits is read')
})

t.test('what is not a proper HTTP request harms nobody else', async t => {
  const served = await serveForTest(t)
  const { port } = new URL(served.url)
  for (const text of [
    'GET http://elsewhere/api HTTP/1.1\r\nhost: a\r\n\r\n',
    'POST /api/api-keys HTTP/1.1\r\n',
  ]) {
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    socket.end(text)
    socket.resume()
    await once(socket, 'close')
  }
  t.equal((await served.call('GET', '/api/auth/whoami')).status, 200)
})

t.test('is reached on loopback alone, and at no other address of the machine', async t => {
  const { url } = await serveForTest(t)
  const { hostname, port } = new URL(url)
  t.equal(hostname, '127.0.0.1')
  const refused = async (host: string) => {
    const socket = connect({ host, port: Number(port) })
    const end = await Promise.race([
      once(socket, 'connect').then(() => 'connected'),
      once(socket, 'error').then(([cause]) => (cause as NodeJS.ErrnoException).code),
    ]).catch((cause: unknown) => (cause as NodeJS.ErrnoException).code)
    socket.destroy()
    return end
  }
  const others = Object.values(networkInterfaces())
    .flatMap(found => found ?? [])
    .filter(({ family, address }) => family === 'IPv4' && address !== '127.0.0.1')
    .map(({ address }) => address)
  // On Linux the machine has all of 127.0.0.0/8.
  for (const host of process.platform === 'linux' ? ['127.0.0.2', ...others] : others)
    t.equal(await refused(host), 'ECONNREFUSED', host)
  t.equal(await refused('127.0.0.1'), 'connected')
})

t.test('says so where a file is not a database', async t => {
  const folder = t.testdir({ 'no.db': 'This is a text, and no database at all.'.repeat(100) })
  await t.rejects(openKeptSandbox(join(folder, 'no.db')), {
    name: 'Failure',
    message: `Cannot open ${join(folder, 'no.db')} as the database of a sandbox`,
  })
})

t.test('makes the folders of its database for their owner only', async t => {
  const folder = join(t.testdir({}), 'deep', 'deeper')
  const { sandbox } = await openKeptSandbox(join(folder, 'sandbox.db'))
  sandbox.close()
  for (const path of [folder, join(folder, '..')]) t.equal((await stat(path)).mode & 0o777, 0o700)
})
