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
