import t from 'tap'
import { serveForTest } from '../support/sandbox.ts'

/**
 * A client that knows the platform as its own public client does, and shares nothing with ours: it sends `project_id` and
 * `name`, looks for the secret wherever it has been seen, and reads errors in the way of FastAPI.
 */
function otherClient(url: string, key: string) {
  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        accept: 'application/json',
        'content-type': 'application/json',
        'user-agent': 'fluxloop-cli/1.2.3',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (response.status === 204) return null
    const json: unknown = await response.json()
    if (!response.ok) throw new Error(`${response.status}: ${errorText(json)}`)
    return json
  }

  async function listOf(path: string, name: string): Promise<readonly Record<string, unknown>[]> {
    const body = (await call('GET', path)) as Record<string, unknown> | unknown[]
    return (Array.isArray(body) ? body : body[name]) as Record<string, unknown>[]
  }

  return {
    call,
    createKey: async (project_id: string, name: string) =>
      secretOf(await call('POST', '/api/api-keys', { project_id, name })),
    projects: async () =>
      (await listOf('/api/projects', 'projects')).map(each => ({
        id: each['id'] ?? each['project_id'],
        name: each['name'] ?? each['project_name'],
        status: each['status'],
      })),
    workspaces: () => listOf('/api/workspaces', 'workspaces'),
  }
}

/** `key`, `api_key`, `api_key.key` or `api_key_data.key`. */
function secretOf(body: unknown): string {
  const { key, api_key, api_key_data } = body as Record<string, unknown>
  const inner = (value: unknown) =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['key'] : value
  for (const candidate of [key, inner(api_key), inner(api_key_data)])
    if (typeof candidate === 'string') return candidate
  throw new Error('no key in the answer')
}

/** `detail` is a text, or a list of places and messages. */
function errorText(body: unknown): string {
  const { detail } = body as { readonly detail: unknown }
  if (typeof detail === 'string') return detail
  if (!Array.isArray(detail)) throw new TypeError('an error without a detail')
  return (detail as { readonly loc: readonly (string | number)[]; readonly msg: string }[])
    .map(({ loc, msg }) => `${loc.join('.')}: ${msg}`)
    .join('; ')
}

t.test('a project and a name are enough for a key, which then works', async t => {
  const served = await serveForTest(t)
  const admin = otherClient(served.url, served.administrator.reveal())
  const [project] = await admin.projects()
  t.match(project, { id: /^proj_/, name: 'customer-support-bot', status: 'active' })
  const secret = await admin.createKey(String(project?.id), 'Local checkout')
  t.match(secret, /^flux_dev_[a-z0-9]{32}$/)

  const mine = otherClient(served.url, secret)
  t.strictSame(await mine.projects(), [project], 'it reaches that project and no other')
  t.match(await mine.call('GET', `/api/projects/${String(project?.id)}`), { name: 'customer-support-bot' })
  await mine.call('POST', '/api/scenarios', { project_id: project?.id, name: 'Greeting' })
  t.match(await mine.call('POST', '/api/sync/pull', { project_id: project?.id }), {
    scenarios: [{ name: 'Greeting' }],
  })
  t.match(await mine.call('POST', '/api/sync/upload', { project_id: project?.id, results: [{ ok: true }] }), {
    uploaded: 1,
  })
  const { api_keys } = (await admin.call('GET', '/api/api-keys')) as {
    readonly api_keys: readonly Record<string, unknown>[]
  }
  t.match(
    api_keys.find(({ name }) => name === 'Local checkout'),
    { last_used: { user_agent: 'fluxloop-cli/1.2.3' } },
  )
})

t.test('workspaces are a list of ids and names', async t => {
  const served = await serveForTest(t)
  const workspaces = await otherClient(served.url, served.administrator.reveal()).workspaces()
  t.ok(workspaces.length > 0)
  for (const workspace of workspaces) t.match(workspace, { id: String, name: String })
})

t.test('every error has a detail in the way of FastAPI: a text, or places and messages', async t => {
  const served = await serveForTest(t)
  const admin = otherClient(served.url, served.administrator.reveal())
  await t.rejects(admin.call('POST', '/api/api-keys', { project_id: 'proj_sales-assistant' }), {
    message: '422: body.name: Field required',
  })
  await t.rejects(admin.createKey('proj_nowhere', ''), {
    message:
      /^422: body\.name: String should have at least 1 character; body\.project_id: Unknown project 'proj_nowhere'$/,
  })
  await t.rejects(admin.call('GET', '/api/api-keys?limit=many'), { message: /^422: query\.limit: / })
  await t.rejects(admin.call('GET', '/api/projects/nowhere'), { message: '404: Project not found' })
  await t.rejects(admin.call('GET', '/api/nothing'), { message: /^404: Route / })
  await t.rejects(admin.call('PUT', '/api/projects'), { message: /^405: / })
  await t.rejects(otherClient(served.url, 'flux_dev_none').projects(), { message: '401: Invalid API key' })
  const secret = await admin.createKey('proj_sales-assistant', 'Reader')
  await t.rejects(otherClient(served.url, secret).createKey('proj_sales-assistant', 'Another'), {
    message: '403: Insufficient permissions',
  })
  served.now += 91 * 86_400_000
  await t.rejects(otherClient(served.url, secret).projects(), { message: '401: API key expired' })
})

t.test("takes what the platform's own client sends to its working calls", async t => {
  const served = await serveForTest(t)
  const admin = otherClient(served.url, served.administrator.reveal())
  const scenario = (await admin.call('POST', '/api/scenarios', {
    project_id: 'sales-assistant',
    name: 'Greeting',
  })) as {
    readonly id: string
  }
  t.match(await admin.call('GET', `/api/scenarios/${scenario.id}`), { id: scenario.id, name: 'Greeting' })
  t.match(await admin.call('PATCH', `/api/scenarios/${scenario.id}`, { content: { a: 1 } }), {
    content: { a: 1 },
  })
  const pulled = (await admin.call('POST', '/api/sync/pull', {
    bundle_version_id: null,
    project_id: 'sales-assistant',
    include_personas: true,
  })) as { readonly bundle_version: { readonly id: string } }
  t.match(pulled, {
    bundle_version: { id: String, project_id: 'proj_sales-assistant' },
    input_items: [],
    personas: [],
    sync_meta: { pulled_at: '2026-03-01T12:00:00.000Z' },
    scenarios: [{ name: 'Greeting' }],
  })
  t.match(
    await admin.call('POST', '/api/sync/upload', {
      bundle_version_id: pulled.bundle_version.id,
      run_batch: { name: 'nightly' },
      runs: [{ run_id: 'r1' }],
      run_results: [{ run_id: 'r1', ok: true }],
      artifacts: [],
      turns: [],
    }),
    { run_batch_id: /^batch_/, quick_gate: {}, uploaded: 2 },
  )
  t.match(await admin.call('GET', '/api/results?project_id=sales-assistant'), { results: { length: 2 } })
  const turn = { run_id: 'r1', turn_id: 't1', sequence: 1, role: 'user', content: 'Hi', warnings: [] }
  const send = () =>
    served.call('POST', '/api/sync/turns', { body: turn, headers: { 'idempotency-key': 'r1:t1' } })
  t.equal((await send()).status, 201)
  t.equal((await send()).headers.get('idempotent-replayed'), 'true')
  t.match(
    await admin.call('POST', '/api/storage/presign', { filename: 'a b.png', content_type: 'image/png' }),
    {
      url: /^https:\/\/.*a%20b\.png$/,
      method: 'PUT',
    },
  )
})

t.test(
  'a person logs in with a device code, by a page in a browser, and the login can be renewed',
  async t => {
    const served = await serveForTest(t)
    const post = async (path: string, body: object) => {
      const answer = await fetch(`${served.url}/api/cli-connect/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
      return (await answer.json()) as Record<string, string> & {
        readonly credential?: Record<string, string>
      }
    }
    const started = await post('start', {})
    t.match(started, { device_code: String, user_code: /^[A-Z]{4}-[A-Z]{4}$/, expires_in: 600, interval: 5 })
    const { device_code, verification_url = '', user_code = '' } = started
    t.same(await post('complete', { device_code }), { status: 'pending' })
    t.ok(verification_url.startsWith(`${served.url}/cli-connect?`))
    const page = await fetch(verification_url)
    t.match(page.headers.get('content-security-policy'), /default-src 'none'/)
    t.match(await page.text(), new RegExp(`<h1>${user_code}</h1>`))
    t.notMatch(await (await fetch(`${served.url}/cli-connect?user_code=<b>`)).text(), /<b>/)
    const press = (decision: string) =>
      fetch(`${served.url}/cli-connect`, {
        method: 'POST',
        body: new URLSearchParams({ user_code, decision }),
      })
    t.equal((await press('approve')).status, 200)
    t.equal((await press('deny')).status, 404, 'it was decided')
    const { status, credential = {} } = await post('complete', { device_code })
    t.equal(status, 'approved')
    t.match(credential, { user_email: String, user_id: /^user_/, expires_at: '2026-03-01T13:00:00.000Z' })
    t.same(await post('complete', { device_code }), { status: 'expired' }, 'the credential comes once')

    const keys = (token = '') => served.call('GET', '/api/api-keys', { secret: token })
    t.equal((await keys(credential['access_token'])).status, 200)
    served.now += 3_600_000
    t.match((await keys(credential['access_token'])).json, { code: 'invalid_api_key', detail: /expired/ })
    const { refresh_token } = credential
    const renewed = (await post('refresh', { refresh_token })).credential ?? {}
    t.equal((await keys(renewed['access_token'])).status, 200)
    t.match(
      await post('refresh', { refresh_token }),
      { code: 'invalid_api_key' },
      'a refresh token works once',
    )

    const late = await post('start', {})
    served.now += 600_000
    t.same(await post('complete', { device_code: late['device_code'] }), { status: 'expired' })
    t.match(await (await fetch(`${served.url}/api/cli-connect/start`)).json(), { detail: /not allowed/ })
  },
)
