// Where credentials and stored secrets go: only to a platform that the caller named, only where they match, and only encrypted.
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { commands } from '../../src/cli/commands.ts'
import { requireSecureTls } from '../../src/platform/tls.ts'
import { needs } from '../support/needs.ts'
import { type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'
import { keyringPrograms, sessionBus } from '../support/session-bus.ts'

const configuration = `version: 1
stack: acme
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    store: { env-file: { path: agents.env, name: FLUXLOOP_API_KEY } }
`

/** A command line for every command that takes --api-url; those that call no platform are checked for silence too. */
const lines: Readonly<Record<string, string>> = {
  init: 'init --stack acme',
  list: 'list',
  revoke: 'revoke agents --auto-approve',
  plan: 'plan',
  apply: 'apply --auto-approve',
  rotate: 'rotate agents --auto-approve',
  unlock: 'unlock',
  audit: 'audit',
  who: 'who agents',
  leak: 'leak --stdin --auto-approve',
  'break-glass': 'break-glass agents --permission manage_projects --for 1h --reason x --auto-approve',
  verify: 'verify',
  calendar: 'calendar',
  report: 'report --html report.html',
  ui: 'ui',
  doctor: 'doctor',
  import: 'import --all',
  'auth login': 'auth login --with-token',
  'auth status': 'auth status',
  'auth whoami': 'auth whoami',
  'projects list': 'projects list',
  'apikeys list': 'apikeys list',
  'apikeys show': 'apikeys show key_1',
  'apikeys create': 'apikeys create --name x --quiet',
  'apikeys update': 'apikeys update key_1 --name x',
  'apikeys regenerate': 'apikeys regenerate key_1 --force --quiet',
  'apikeys delete': 'apikeys delete key_1 --force',
}

/** These make no request, so that nothing is to be refused. */
const silent = new Set(['unlock', 'init'])

/** Runs a program whose standard input is a key. */
function given(place: Workplace, args: readonly string[], env: Workplace['env']) {
  return place.run(args, { env, input: 'flux_ci_typed_SENTINEL\n' })
}

/** A repository whose project file names a platform that keeps what it hears, and a store with a secret in it. */
async function repository(
  t: Test,
): Promise<{ readonly place: Workplace; readonly attacker: ServedPlatform }> {
  const attacker = await servedPlatform(t)
  const place = await workplace(t, { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' })
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('agents.env', 'FLUXLOOP_API_KEY=flux_ci_stored_SENTINEL\n')
  await place.write('.fluxloop/project.json', JSON.stringify({ api_url: attacker.url }))
  // What the platform's own client would obey.
  for (const path of ['.env', '.fluxloop/.env'])
    await place.write(path, `FLUXLOOP_API_URL=${attacker.url}\nFLUXLOOP_API_KEY=flux_ci_x\n`)
  return { place, attacker }
}

t.test('the table has every command that can call a platform', async t => {
  const calling = commands.filter(({ flags }) => flags.some(({ name }) => name === 'api-url'))
  t.strictSame(calling.map(({ name }) => name).sort(), Object.keys(lines).sort())
})

t.test('no command sends anything to a platform that only a file of the repository names', async t => {
  const { place, attacker } = await repository(t)
  const official = join(place.env['HOME'] ?? '', '.fluxloop')
  await mkdir(official)
  await writeFile(
    join(official, 'credentials'),
    'profiles: { default: { api_key: flux_ci_profile_SENTINEL } }',
  )
  // It has ended: whoever used it would renew it first.
  const login = {
    access_token: 'flux_user_token_SENTINEL',
    refresh_token: 'flux_refresh_SENTINEL',
    expires_at: '2024-01-01T00:00:00Z',
  }
  await writeFile(join(official, 'auth.json'), JSON.stringify(login))
  for (const [kind, env] of [
    ['the environment', { FLUXLOOP_API_KEY: 'flux_ci_environment_SENTINEL' }],
    ['the files of the official command line', {}],
  ] as const) {
    for (const [name, line] of Object.entries(lines)) {
      const ended = await given(place, line.split(' '), env)
      const said = (ended.stdout + ended.stderr).replace(/\s+/g, ' ')
      t.strictSame(attacker.requests, [], `${kind}, ${name}: nothing was sent`)
      t.notMatch(said, /SENTINEL/, name)
      if (silent.has(name)) continue
      t.ok(ended.code === (name === 'doctor' ? 1 : 2), `${kind}, ${name}: ${ended.code}`)
      t.match(
        said,
        /project\.json names the platform http:\/\/127\.0\.0\.1:\d+, and no credential is sent there/,
      )
      t.match(said, /--api-url http[^]*FLUXLOOP_API_URL[^]*auth login/, name)
    }
  }
  t.match(await place.run(['auth', 'login', '--device']), { code: 2, stderr: /no credential is sent there/ })
  t.strictSame(attacker.requests, [], 'nor does a login begin there')
})

t.test('sends the credential to the same platform once a flag or the real environment names it', async t => {
  const { place, attacker } = await repository(t)
  const FLUXLOOP_API_KEY = attacker.administrator.reveal()
  t.match(await place.run(['plan'], { env: { FLUXLOOP_API_KEY } }), { code: 2 })
  t.strictSame(attacker.requests, [])
  t.match(await place.run(['plan', '--api-url', attacker.url], { env: { FLUXLOOP_API_KEY } }), { code: 0 })
  const named = { FLUXLOOP_API_KEY, FLUXLOOP_API_URL: attacker.url }
  t.match(await place.run(['plan'], { env: named }), { code: 0 })
})

t.test('sends a login to the platform of a project file where it was made for exactly that one', async t => {
  if (!keyringPrograms.every(program => needs(t, program))) return
  const { place, attacker: platform } = await repository(t)
  const bus = await sessionBus(t)
  const key = platform.administrator.reveal()
  const login = await place.run(['auth', 'login', '--api-url', platform.url, '--api-key', key], {
    env: bus.env,
  })
  t.match(login, { code: 0 })
  platform.forget()
  const FLUXLOOP_API_KEY = 'flux_ci_environment_SENTINEL'
  const planned = await place.run(['plan'], { env: { ...bus.env, FLUXLOOP_API_KEY } })
  t.match(planned, { code: 0, stderr: /FLUXLOOP_API_KEY in the environment is not used/ })
  t.equal(platform.requests.length, 2)

  const elsewhere = await servedPlatform(t)
  await place.write('.fluxloop/project.json', JSON.stringify({ api_url: elsewhere.url }))
  t.match(await place.run(['plan'], { env: { ...bus.env, FLUXLOOP_API_KEY } }), {
    code: 2,
    stderr: /no\s+credential\s+is\s+sent\s+there/,
  })
  t.strictSame(elsewhere.requests, [])
})

t.test('no project file chooses a sandbox, which would make files', async t => {
  const place = await workplace(t, { FLUXLOOP_API_KEY: 'flux_ci_environment_SENTINEL' })
  await place.write('fluxloop-keys.yaml', configuration)
  for (const url of [
    'sandbox:',
    ' sandbox:',
    `sandbox:${join(place.work, 'planted/demo.db')}`,
    'sandbox:planted.db',
  ]) {
    await place.write('.fluxloop/project.json', JSON.stringify({ api_url: url }))
    for (const line of [
      'plan',
      'status',
      'unlock',
      'apply --auto-approve',
      'apikeys create --name x --quiet',
    ]) {
      t.match(await place.run(line.split(' ')), { code: 2, stderr: /names\s+a\s+sandbox/ }, `${line}: ${url}`)
    }
  }
  t.strictSame((await readdir(place.work)).sort(), ['.fluxloop', 'fluxloop-keys.yaml'])
})

/** Counts connections: whatever is sent by TLS would begin with one. */
async function listener(t: Test): Promise<{ readonly port: number; readonly connections: () => number }> {
  let count = 0
  const server = createServer(socket => {
    count += 1
    socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => count,
  }
}

t.test(
  'refuses to send a credential where the environment makes TLS insecure, unless a flag insists',
  async t => {
    const { port, connections } = await listener(t)
    const place = await workplace(t, { FLUXLOOP_API_KEY: 'flux_ci_environment_SENTINEL' })
    await place.write('fluxloop-keys.yaml', configuration)
    const direct = { FLUXLOOP_API_URL: `https://localhost:${port}` }
    const proxied = { HTTPS_PROXY: `http://127.0.0.1:${port}` }
    for (const [way, target] of Object.entries({ direct, proxied })) {
      const env = { ...target, NODE_TLS_REJECT_UNAUTHORIZED: '0' }
      const before = connections()
      for (const line of ['plan', 'apikeys list', 'auth status', 'verify']) {
        t.match(
          await place.run(line.split(' '), { env }),
          { code: 2, stderr: /NODE_TLS_REJECT_UNAUTHORIZED=0\s+makes\s+TLS\s+insecure[^]*--insecure-tls/ },
          `${way}: ${line}`,
        )
      }
      t.equal(connections(), before, `${way}: nobody was called`)
      t.match(
        await place.run(['auth', 'whoami', '--insecure-tls'], { env, loaded: ['leaping-lease.mjs'] }),
        { code: 4, stderr: /Warning: TLS is not secure \(NODE_TLS_REJECT_UNAUTHORIZED=0\)/ },
        `${way}: the flag insists, and every output warns`,
      )
      t.ok(connections() > before, `${way}: it was called`)
      const secure = await place.run(['auth', 'whoami', '--insecure-tls'], {
        env: target,
        loaded: ['leaping-lease.mjs'],
      })
      t.notMatch(secure.stderr, /Warning/, 'the flag alone weakens nothing')
    }
  },
)

t.test('knows what makes the TLS of Node insecure', async t => {
  const platform = 'https://api.fluxloop.ai'
  for (const env of [
    { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    { NODE_OPTIONS: '--tls-min-v1.0' },
    { NODE_OPTIONS: '--no-warnings  --tls-min-v1.1' },
    { NODE_OPTIONS: '--tls-keylog=/tmp/keys' },
    { NODE_OPTIONS: '"--tls-keylog" /tmp/keys' },
    { NODE_OPTIONS: '--tls_keylog=/tmp/keys' },
    { NODE_OPTIONS: '--trace-tls' },
  ]) {
    t.throws(() => requireSecureTls(platform, env, false), { code: 'usage' }, JSON.stringify(env))
    t.match(requireSecureTls(platform, env, true), /not secure/)
    t.equal(requireSecureTls('http://localhost:8080', env, false), null, 'there is no TLS to weaken')
  }
  for (const env of [
    {},
    // Node compares with 0 and nothing else.
    { NODE_TLS_REJECT_UNAUTHORIZED: '' },
    { NODE_TLS_REJECT_UNAUTHORIZED: '1' },
    { NODE_TLS_REJECT_UNAUTHORIZED: 'false' },
    { NODE_OPTIONS: '--tls-min-v1.3 --max-old-space-size=100' },
    { NODE_EXTRA_CA_CERTS: '/etc/ssl/company.pem' },
  ]) {
    t.equal(requireSecureTls(platform, env, false), null, JSON.stringify(env))
  }
})

/** What an author of a pull request may declare, so that `verify` sends it to the platform. */
const awsSecret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

t.test('no command sends a stored value that does not end like the masked key', async t => {
  const platform = await servedPlatform(t)
  const place = await workplace(t, platform.env)
  const sent: string[] = []
  platform.before = async request => {
    sent.push(request.headers.get('authorization') ?? '', request.url, await request.clone().text())
    return null
  }
  const run = (line: string) => place.run(line.split(' '))
  await place.write('fluxloop-keys.yaml', configuration)
  t.match(await run('apply --auto-approve'), { code: 0 })
  const secret = /flux_\w+/.exec(await place.read('agents.env'))?.[0] ?? ''
  t.match(await run('verify --prove'), { code: 0, stdout: /Verified\. 1 ok; 2 requests made/ })

  await mkdir(join(place.env['HOME'] ?? '', '.aws'))
  const credentials = `[default]\naws_secret_access_key=${awsSecret}\n`
  await writeFile(join(place.env['HOME'] ?? '', '.aws', 'credentials'), credentials)
  const store = /\{ env-file: .* \}/
  await place.write(
    'fluxloop-keys.yaml',
    configuration.replace(store, '{ env-file: { path: ~/.aws/credentials, name: aws_secret_access_key } }'),
  )
  const verified = await run('verify')
  t.match(verified, { code: 1, stdout: /^foreign[^]*another\s+value[^]*so\s+it\s+was\s+not\s+sent/m })
  for (const line of ['verify --json', 'plan', 'audit', 'doctor', 'apply --auto-approve']) await run(line)

  // The value is there from the start, and the key is new, stale, or regenerated elsewhere.
  await place.write('fluxloop-keys.yaml', configuration)
  for (const value of [awsSecret, `${secret}x`, secret.slice(-5), secret.slice(-2)]) {
    await place.write('agents.env', `FLUXLOOP_API_KEY=${value}\n`)
    t.match(await run('verify'), { code: 1 })
    const [live] = await platform.managed()
    await run(`apikeys regenerate ${live?.id ?? ''} --force --quiet -c /nowhere`)
    await run('apply --auto-approve')
  }
  t.ok(sent.length > 20)
  t.notMatch(sent.join('\n'), /EXAMPLEKEY/)
  t.notMatch(sent.join('\n'), new RegExp(`${secret}x`))
  const bearers = sent.filter(text => text.startsWith('Bearer ')).map(text => text.slice('Bearer '.length))
  t.strictSame(
    bearers.filter(text => !text.startsWith('flux_') || text.length < 20),
    [],
    'whole keys of the platform, and nothing else',
  )
})

t.test('sends nothing where the masked key shows too little to compare with', async t => {
  const platform = await servedPlatform(t)
  const place = await workplace(t, platform.env)
  await place.write('fluxloop-keys.yaml', configuration)
  t.match(await place.run(['apply', '--auto-approve']), { code: 0 })
  platform.before = async request => {
    const answer = await platform.send(request)
    const text = (await answer.text()).replace(/("masked_key":"[^"]*?\*\*\*\*)[^"]*"/g, '$1"')
    return new Response(text, { status: answer.status, headers: answer.headers })
  }
  platform.forget()
  t.match(await place.run(['verify']), { code: 1, stdout: /^failed[^]*shows\s+too\s+little[^]*not\s+sent/m })
  t.strictSame(platform.requests, ['GET /api/api-keys'])
})
