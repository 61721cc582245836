// The program and the sandbox against the file that describes the platform: what either of them says is what the file says.
import t from 'tap'
import { createClient } from '../../src/platform/client.ts'
import { loginCalls } from '../../src/platform/device-login.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'
import { type Contract, openContract, validating } from '../support/contract.ts'
import { configuration } from '../support/dialects.ts'
import { stage } from '../support/stage.ts'
import { overFetch } from '../../src/platform/transport.ts'

let contract: Contract
t.before(async () => {
  contract = await openContract()
})

t.test('nothing that the program or the sandbox says in a life of keys violates the file', async t => {
  const s = stage(t, { 'fluxloop-keys.yaml': configuration })
  const proxy = validating(contract, s.platform.fetch)
  const platform = { ...s.platform, fetch: proxy.fetch }
  const run = async (line: string, codes: readonly number[] = [0]) => {
    const ran = await s.run(line, { platform })
    t.ok(codes.includes(ran.code), `${line} exits ${ran.code}: ${ran.err().slice(-500)}`)
  }
  const day = 86_400_000
  const idOf = async (name: string) => (await s.live()).find(key => key.name === name)?.id ?? 'none'

  await run('apply --auto-approve')
  await s.write(
    'fluxloop-keys.yaml',
    configuration.replace('Answers customers', 'Answers «all» 🎉').replace('[sales-assistant]', 'all'),
  )
  await run('apply --auto-approve')
  await run('rotate bot --auto-approve')
  await s.write('bot.env', '')
  await run('apply --auto-approve', [0, 7])
  s.now += 4 * day
  await run('apply --auto-approve', [0, 7])
  await run('audit')
  await run('verify', [0, 1])
  await run('doctor', [0, 1])
  await run(
    'apikeys create --name Hand --description Mine --scope sales-assistant --expires never --permissions * --quiet',
  )
  const handmade = await idOf('Hand')
  await run(`apikeys show ${handmade} --json`)
  await run(`apikeys update ${handmade} --name Other --expires 2027-06-01 --scope *`)
  await run(`apikeys regenerate ${handmade} --force --quiet`)
  await s.write(
    'fluxloop-keys.yaml',
    `${configuration}  adopted:\n    name: Other\n    description: x\n    owner: y\n    scope: all\n    permissions: [read_scenarios]\n    expires: never\n    adopt: ${handmade}\n    store: { env-file: { path: adopted.env, name: KEY } }\n`,
  )
  await run('apply --auto-approve', [0, 1, 6, 7])
  await run('apikeys create --name Stray --quiet')
  await run(`apikeys delete ${await idOf('Stray')} --force`)
  await run('apikeys show key_none', [5])
  await run('apikeys create --name Nowhere --scope sales-assistant --permissions nonsense --quiet', [0, 2])
  await run('projects list --json')
  const client = createClient({
    ...{ baseUrl: 'http://localhost', credential: s.platform.credential, transport: overFetch(proxy.fetch) },
    ...{ userAgent: 'test/1', random: () => 0, sleep: async () => undefined, now: () => s.now },
  })
  await client.get(handmade)
  await run('auth whoami --json')

  t.same([...new Set(proxy.violations)], [])
  const operations = new Set([...proxy.seen].map(each => each.split(' ')[0]))
  t.same(
    [
      'createKey',
      'keyUsage',
      'listKeys',
      'listProjects',
      'regenerateKey',
      'revokeKey',
      'showKey',
      'updateKey',
      'whoami',
    ].filter(each => !operations.has(each)),
    [],
    'every call of the program was made',
  )
})

t.test('a login and its renewal violate nothing either', async t => {
  const sandbox = openSandbox({ database: ':memory:' })
  t.teardown(() => sandbox.close())
  const proxy = validating(contract, request => sandbox.handle(request))
  const calls = loginCalls({
    connection: {
      ...{
        baseUrl: 'http://localhost',
        userAgent: 'test/1',
        transport: overFetch(proxy.fetch),
        now: Date.now,
      },
      ...{ timeout: 10_000, signal: undefined },
    },
    proxy: null,
    random: () => 0,
    sleep: async () => undefined,
  })
  const login = await calls.start()
  t.same(await calls.complete(login), { status: 'pending' })
  t.ok(sandbox.decideLogin(login.userCode, { account: 'jo@acme.example' }))
  const state = await calls.complete(login)
  if (state.status !== 'approved' || state.session.refreshToken === null) throw new Error('no login')
  t.same(await calls.complete(login), { status: 'expired' }, 'a login is handed out once')
  const { refreshToken } = state.session
  await calls.refresh({ ...state.session, refreshToken })
  await t.rejects(calls.refresh({ ...state.session, refreshToken }), { code: 'authentication' })
  const denied = await calls.start()
  t.ok(sandbox.decideLogin(denied.userCode, 'denied'))
  t.same(await calls.complete(denied), { status: 'denied' })
  t.same(proxy.violations, [])
})

t.test('the file and the sandbox take and refuse the same values', async t => {
  const sandbox = openSandbox({ database: ':memory:' })
  t.teardown(() => sandbox.close())
  const administrator = sandbox.issueAdministrator().reveal()
  const name = 'Key'
  const keys: readonly (readonly [object, boolean])[] = [
    [{ name }, true],
    [{}, false],
    [{ name: '' }, false],
    [{ name: ' ' }, false],
    [{ name: 7 }, false],
    [{ name, description: null }, true],
    [{ name, description: 'x'.repeat(500) }, true],
    [{ name, description: '🎉'.repeat(500) }, true],
    [{ name, description: 'x'.repeat(501) }, false],
    [{ name, environment: null }, true],
    [{ name, environment: 'ci' }, true],
    [{ name, environment: 'production' }, false],
    [{ name, scope: '*' }, true],
    [{ name, scope: ['*'] }, true],
    [{ name, scope: [] }, false],
    [{ name, scope: 'sales-assistant' }, false],
    [{ name, scope: null }, false],
    [{ name, project_id: 'sales-assistant' }, true],
    [{ name, project_id: '' }, false],
    [{ name, project_id: null }, false],
    [{ name, permissions: [] }, true],
    [{ name, permissions: ['*'] }, true],
    [{ name, permissions: ['read_scenarios', 'read_scenarios'] }, true],
    [{ name, permissions: ['scenarios:read'] }, false],
    [{ name, permissions: '*' }, false],
    [{ name, expires_in: null }, true],
    [{ name, expires_in: 1 }, true],
    [{ name, expires_in: 0 }, false],
    [{ name, expires_in: 1.5 }, false],
    [{ name, expires_in: 3_153_600_000 }, true],
    [{ name, expires_in: 3_153_600_001 }, false],
    [{ name, expires_at: null }, true],
    [{ name, expires_at: '2099-01-31' }, true],
    [{ name, expires_at: '2099-01-31T12:00Z' }, true],
    [{ name, expires_at: '2099-01-31t12:00:00.5+01:30' }, true],
    [{ name, expires_at: '2099-01-31T12:00:00' }, false],
    [{ name, expires_at: 'never' }, false],
    [{ name, expires_at: 7 }, false],
    [{ name, expires_at: null, expires_in: null }, false],
    [{ name, colour: 'red' }, true],
  ]
  const turn = { run_id: 'r', turn_id: 't', sequence: 1, role: 'user', content: 'Hi' }
  const bundle = 'bv_proj_sales-assistant'
  const rows: readonly (readonly [string, string, object, boolean])[] = [
    ...keys.map(([body, isGood]) => ['POST', '/api/api-keys', body, isGood] as const),
    [
      'POST',
      '/api/sync/pull',
      { bundle_version_id: null, project_id: 'sales-assistant', include_personas: true },
      true,
    ],
    ['POST', '/api/sync/pull', { bundle_version_id: bundle, project_id: null }, true],
    ['POST', '/api/sync/pull', { project_id: 7 }, false],
    [
      'POST',
      '/api/sync/upload',
      {
        bundle_version_id: bundle,
        run_batch: {},
        runs: [{}],
        run_results: [{}],
        artifacts: [],
        turns: [turn],
      },
      true,
    ],
    ['POST', '/api/sync/upload', { bundle_version_id: bundle, runs: {} }, false],
    ['POST', '/api/sync/turns', turn, true],
    ['POST', '/api/sync/turns', { turns: [turn, turn] }, true],
    ['POST', '/api/sync/turns', { run_id: 'r' }, false],
    ['POST', '/api/storage/presign', { filename: 'a.png', content_type: 'image/png' }, true],
    ['POST', '/api/storage/presign', { filename: 7 }, false],
    ['POST', '/api/members', { email: 'jo@acme.example', role: 'member' }, true],
    ['POST', '/api/members', { email: 'jo' }, false],
    ['POST', '/api/projects', { name: 'new-bot' }, true],
    ['POST', '/api/projects', { name: 'two words' }, false],
    ['POST', '/api/scenarios', { project_id: 'sales-assistant', name: 'Greeting' }, true],
    ['POST', '/api/scenarios', { project_id: 'sales-assistant', name: ' ' }, false],
    ['POST', '/api/cli-connect/complete', { device_code: '' }, false],
    ['POST', '/api/cli-connect/start', {}, true],
  ]
  const send = async (
    method: string,
    path: string,
    body: object | null,
    headers: Record<string, string> = {},
  ) => {
    const isOpen = path.startsWith('/api/cli-connect/')
    const request = new Request(`http://localhost${path}`, {
      method,
      headers: { ...(isOpen ? {} : { authorization: `Bearer ${administrator}` }), ...headers },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    })
    const copy = request.clone()
    const problems = await contract.request(request)
    const response = await sandbox.handle(copy)
    t.same(await contract.response(request, response), [], `${method} ${path}`)
    return { problems, response }
  }
  for (const [method, path, body, isGood] of rows) {
    const { problems, response } = await send(method, path, body)
    const title = `${path} ${JSON.stringify(body).slice(0, 90)}`
    t.equal(problems.length === 0, isGood, `file: ${title} ${problems.join()}`)
    t.equal(response.status < 300, isGood, `sandbox: ${title} ${response.status}`)
  }
  const { response } = await send('POST', '/api/api-keys', { name })
  const { api_key } = (await response.json()) as { readonly api_key: { readonly id: string } }
  const key = `/api/api-keys/${api_key.id}`
  const others: readonly (readonly [
    string,
    string,
    object | null,
    Record<string, string>,
    number,
    boolean,
  ])[] = [
    ['PATCH', key, { environment: 'ci' }, {}, 422, false],
    ['PATCH', key, { name: 'Other' }, { 'if-match': '1' }, 412, false],
    ['PATCH', key, { name: 'Other' }, { 'if-match': '"1"' }, 200, true],
    ['PATCH', key, { name: 'Other' }, { 'if-match': '"1"' }, 412, true],
    ['POST', `${key}/regenerate`, null, { 'idempotency-key': 'x'.repeat(256) }, 422, false],
    ['GET', `${key}/usage?days=367`, null, {}, 422, false],
    ['GET', `${key}/usage?days=366`, null, {}, 200, true],
    ['GET', '/api/api-keys?limit=0', null, {}, 422, false],
    ['GET', '/api/api-keys?limit=5000', null, {}, 200, true],
    ['GET', '/api/api-keys/none', null, {}, 404, true],
    ['DELETE', key, null, { 'if-match': '"9"' }, 412, true],
    ['DELETE', key, null, {}, 204, true],
    ['GET', '/api/auth/whoami', null, { authorization: 'Bearer flux_dev_none' }, 401, true],
    ['POST', '/api/members', { email: 'jo@acme.example' }, {}, 409, true],
    ['POST', '/api/projects', { name: `x${'y'.repeat(1_100_000)}` }, {}, 413, false],
  ]
  for (const [method, path, body, headers, status, isGood] of others) {
    const { problems, response: answer } = await send(method, path, body, headers)
    t.equal(answer.status, status, `${method} ${path}`)
    t.equal(problems.length === 0, isGood, `file: ${method} ${path} ${problems.join()}`)
  }
})
