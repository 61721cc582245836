import { mkdir, open, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { needs } from '../support/needs.ts'
import { asUsersDo, ended, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'
import { keyringPrograms, sessionBus } from '../support/session-bus.ts'
import { openShell } from '../support/shell.ts'

const ctrlC = '\u0003'

function hasAll(t: Test, programs: readonly string[]): boolean {
  return programs.every(program => needs(t, program))
}

/** A platform and a person at a machine with a keyring, who knows the administrator's key but has it nowhere. */
async function person(t: Test) {
  const platform = await servedPlatform(t)
  const bus = await sessionBus(t)
  const place = await workplace(t, { ...bus.env, FLUXLOOP_API_URL: platform.url, TZ: 'UTC' })
  return { platform, bus, place, key: platform.administrator.reveal() }
}

/** Runs the program with a text on its standard input. */
function piped(place: Awaited<ReturnType<typeof workplace>>, text: string, args: readonly string[]) {
  return place.run(args, { input: text })
}

t.test('keeps a login that the platform accepts, uses it, and forgets it on logout', async t => {
  if (!hasAll(t, keyringPrograms)) return
  const { platform, bus, place, key } = await person(t)

  const before = await place.run(['auth', 'status'])
  t.match(before, { code: 3, stdout: /Platform:/, stderr: /no API key[^]*auth login/ })
  t.notMatch(before.stderr, /could not be asked/, 'the keychain works, it is just empty')

  const refused = await piped(place, 'flux_ci_SENTINEL\n', ['auth', 'login', '--with-token'])
  t.match(refused, { code: 3, stderr: /Invalid API key/ })
  t.equal(await bus.lookup('fluxloop-keys', 'default'), '', 'a refused key is not kept')

  const login = await piped(place, `${key}\n`, ['auth', 'login', '--with-token'])
  t.match(login, {
    code: 0,
    stdout: /Logged in to http:\/\/127\.0\.0\.1[^]*Account: +sandbox[^]*keychain fluxloop-keys\/default/,
  })
  t.strictSame(JSON.parse(await bus.lookup('fluxloop-keys', 'default')), { origin: platform.url, key })

  const status = await place.run(['status'])
  t.match(status, { code: 0, stdout: /Authenticated[^]*keychain \(profile default[^]*Permissions: all 9/ })
  const whoami = await place.run(['auth', 'whoami', '--json'])
  t.match(JSON.parse(whoami.stdout), {
    account: 'sandbox',
    expires_at: null,
    api_key: { permissions: ['*'], scope: 'all' },
  })
  const projects = await place.run(['projects', 'list'])
  t.match(projects, { code: 0, stdout: /^NAME[^]*customer-support-bot[^]*Total: 3 projects\n$/ })

  const elsewhere = await servedPlatform(t)
  const other = await place.run(['auth', 'whoami'], { env: { FLUXLOOP_API_URL: elsewhere.url } })
  t.match(other, { code: 3, stderr: /is for http:\/\/127.*not sent to http:\/\/127/ })
  t.strictSame(elsewhere.requests, [], 'not a single request went to the other origin')

  const named = await piped(place, key, ['auth', 'login', '--with-token', '--profile', 'work'])
  t.equal(named.code, 0)
  const fromProfile = await place.run(['auth', 'status', '--json', '--profile', 'work'], {
    env: { FLUXLOOP_API_KEY: 'flux_ci_wrong' },
  })
  t.match(JSON.parse(fromProfile.stdout), { authenticated: true, credential: /profile work/, error: null })

  const one = await place.run(['auth', 'logout'])
  t.match(one, { code: 0, stdout: /Logged out: default\n/ })
  t.equal(await bus.lookup('fluxloop-keys', 'default'), '')
  t.match(await place.run(['auth', 'logout']), {
    code: 0,
    stdout: 'There was no login for the profile default\n',
  })
  t.not(await bus.lookup('fluxloop-keys', 'work'), '')
  t.match(await place.run(['auth', 'logout', '--all']), { code: 0, stdout: /Logged out: work\n/ })
  t.equal(await bus.lookup('fluxloop-keys', 'work'), '')
  t.equal(await bus.lookup('fluxloop-keys', '(profiles)'), '')
  t.match(await place.run(['auth', 'logout', '--all']), { code: 0, stdout: 'There was no login\n' })

  const entry = ['store', '--label=x', 'service', 'fluxloop-keys', 'username', 'default']
  await ended('secret-tool', entry, {
    env: { ...place.env, HOME: bus.home },
    input: 'flux_ci_SENTINEL',
  })
  const foreign = await piped(place, key, ['auth', 'login', '--with-token'])
  t.match(foreign, { code: 12, stderr: /not one that auth login wrote[^]*Remove it/ })

  const all = [before, refused, login, status, whoami, projects, other, named, fromProfile, one, foreign]
  const printed = all.map(({ stdout, stderr }) => stdout + stderr).join('\n')
  t.notOk(printed.includes(key), 'the key is on no screen')
  t.notMatch(printed, /SENTINEL/)
})

t.test('asks for the key without a trace on the terminal, and gives the terminal back', async t => {
  if (!hasAll(t, [...keyringPrograms, 'stty'])) return
  const { platform, bus, place, key } = await person(t)
  // What the terminal does after the program is what it did before: it echoes.
  const command = `${asUsersDo.join(' ')} auth login; code=$?; stty -a; exit $code`
  const login = () => openShell(t, 'sh', ['-c', command], { cwd: place.work, env: place.env })
  const echoes = /[^-]echo\b/

  const stopped = login()
  await stopped.until(/API key: /)
  stopped.type('flux_ci_half')
  stopped.type(ctrlC)
  t.equal(await stopped.ended, 130)
  t.match(stopped.seen(), /Interrupted: nothing was changed/)
  t.notMatch(stopped.seen(), /flux_ci_half/)
  t.match(stopped.seen(), echoes)
  t.equal(await bus.lookup('fluxloop-keys', 'default'), '')

  const empty = login()
  await empty.until(/API key: /)
  empty.type('\r')
  await empty.until(/cli-connect\?user_code=/)
  t.ok(platform.decideLogin(/[A-Z]{4}-[A-Z]{4}/.exec(empty.seen())?.[0] ?? '', 'denied'))
  t.equal(await empty.ended, 3)
  t.match(empty.seen(), /denied in the browser/)

  const kept = login()
  await kept.until(/API key: /)
  kept.type(`${key.slice(0, 9)}x\u007f${key.slice(9)}\r`)
  t.equal(await kept.ended, 0)
  t.match(kept.seen(), /Log in to http:\/\/127[^]*Logged in/)
  t.match(kept.seen(), echoes)
  t.notOk(kept.seen().includes(key.slice(9, 20)), 'nothing of what was typed shows')
  t.match(await bus.lookup('fluxloop-keys', 'default'), new RegExp(`"${key}"`))
})

t.test('says what to use instead where there is no keychain, before it asks for a key', async t => {
  const platform = await servedPlatform(t)
  const place = await workplace(t, {
    FLUXLOOP_API_URL: platform.url,
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere',
  })
  const key = platform.administrator.reveal()
  const login = await place.run(['auth', 'login', '--api-key', key])
  t.match(login, { code: 1, stderr: /kept in the keychain, which does not work here[^]*FLUXLOOP_API_KEY/ })
  t.strictSame(platform.requests, [], 'no key was sent anywhere')
  t.notOk((login.stdout + login.stderr).includes(key))

  for (const which of [[], ['--all']]) {
    const { code, stdout, stderr } = await place.run(['auth', 'logout', ...which])
    t.equal(code, 1)
    t.match(stderr, /Logins are kept in the keychain, which does not work here[^]*Install and start/)
    t.notMatch(stdout + stderr, /another store|fallback/, 'a login has no store')
  }
  const env = { FLUXLOOP_API_KEY: key }
  const status = await place.run(['auth', 'status'], { env })
  t.match(status, { code: 0, stdout: /Credential: +FLUXLOOP_API_KEY in the environment/, stderr: '' })
})

t.test('warns of a key in the arguments, and that the environment goes before the login', async t => {
  if (!hasAll(t, keyringPrograms)) return
  const { place, key } = await person(t)
  const login = await place.run(['auth', 'login', '--api-key', key], {
    env: { FLUXLOOP_API_KEY: 'flux_ci_other' },
  })
  t.match(login, { code: 0, stderr: /can see those[^]*goes before this login/ })
  t.notOk((login.stdout + login.stderr).includes(key))
  t.match(await place.run(['auth', 'login', '--api-key', key, '--with-token']), {
    code: 2,
    stderr: /not both/,
  })
  t.match(await place.run(['auth', 'login']), { code: 2, stderr: /cannot ask for the key[^]*--with-token/ })
})

t.test(
  'reads the official files, skips what has expired, and exits with 3 where a credential is invalid',
  async t => {
    const platform = await servedPlatform(t)
    const place = await workplace(t, { FLUXLOOP_API_URL: platform.url, TZ: 'UTC' })
    const folder = join(place.env['HOME'] ?? '', '.fluxloop')
    await mkdir(folder)
    const token = platform.userToken('jo@acme.example').reveal()
    const expires = new Date(Date.now() + 3_600_000).toISOString()
    await writeFile(
      join(folder, 'credentials'),
      'profiles: { default: { api_key: flux_ci_SENTINEL, expires: 2024-01-01 } }',
    )
    await writeFile(join(folder, 'auth.json'), JSON.stringify({ access_token: token, expires_at: expires }))
    const status = await place.run(['auth', 'status'])
    t.match(status, {
      code: 0,
      stdout: /Credential: +~\/\.fluxloop\/auth\.json[^]*Signed in as: a user[^]*Expires: .* remaining\)/,
      stderr: /~\/\.fluxloop\/credentials \(profile default\) has expired/,
    })
    const invalid = await place.run(['auth', 'status', '--json'], {
      env: { FLUXLOOP_API_KEY: 'flux_ci_SENTINEL' },
    })
    t.equal(invalid.code, 3)
    t.match(JSON.parse(invalid.stdout), {
      authenticated: false,
      credential: 'FLUXLOOP_API_KEY in the environment',
      error: { code: 'authentication', message: /Invalid API key/ },
    })
    t.notMatch(status.stdout + status.stderr + invalid.stdout + invalid.stderr, /SENTINEL/)
  },
)

t.test('says so where standard input is a folder', async t => {
  if (!hasAll(t, keyringPrograms)) return
  const { platform, bus, place } = await person(t)
  const folder = await open(place.work)
  t.teardown(() => folder.close())
  const login = await place.run(['auth', 'login', '--with-token'], { stdio: [folder.fd, 'pipe', 'pipe'] })
  // Node takes a folder for an empty input.
  t.match(login, { code: 3, stderr: /What came on standard input is not an API key: it is empty/ })
  t.notMatch(login.stderr, /Internal error|\n\s+at |node:internal/, 'no stack')
  t.strictSame(platform.requests, [])
  t.equal(await bus.lookup('fluxloop-keys', 'default'), '')
})

t.test('logs in in a browser, renews that login, and needs no key for any command', async t => {
  if (!hasAll(t, keyringPrograms)) return
  const { platform, bus, place } = await person(t)
  // Nobody waits for five seconds here.
  platform.before = async request => {
    if (!request.url.endsWith('/cli-connect/start')) return null
    const started = (await (await platform.send(request)).json()) as { readonly user_code: string }
    platform.decideLogin(started.user_code, { account: 'jo@acme.example' })
    return Response.json({ ...started, interval: 0.05 })
  }
  const login = await place.run(['auth', 'login', '--device'])
  t.match(login, { code: 0, stdout: /Logged in to[^]*jo@acme\.example[^]*Kept in/ }, login.stderr)
  t.match(
    login.stderr,
    /approve the login where it shows the code [A-Z]{4}-[A-Z]{4}:\n +http:\/\/127[^]*user_code=/,
  )
  const kept = () => bus.lookup('fluxloop-keys', 'default')
  const first = await kept()
  t.match(JSON.parse(first), { key: /^flux_user_/, session: { refresh_token: /^flux_refresh_/ } })

  await place.write(
    'fluxloop-keys.yaml',
    `version: 1
stack: acme
keys:
  bot: { name: Bot, description: x, owner: y, scope: [sales-assistant], permissions: [read_scenarios], expires: 90d, store: { env-file: { path: bot.env, name: KEY } } }
`,
  )
  const lines = [
    'apply --auto-approve',
    'plan --detailed-exitcode',
    'audit',
    'verify',
    'rotate bot --auto-approve',
    'apikeys create --name Other --quiet',
  ]
  for (const line of lines) {
    const ran = await place.run(line.split(' '))
    t.equal(ran.code, 0, `${line}: ${ran.stderr}`)
  }
  t.equal(await kept(), first, 'a login that lasts is not renewed')

  // The program goes by its own clock: what is kept is made to end.
  const { session, ...rest } = JSON.parse(first) as { readonly session: object; readonly key: string }
  const ending = JSON.stringify({ ...rest, session: { ...session, expires_at: Date.now() + 60_000 } })
  await ended('secret-tool', ['store', '--label=x', 'service', 'fluxloop-keys', 'username', 'default'], {
    env: { ...place.env, HOME: bus.home },
    stdio: ['pipe', 'pipe', 'pipe'],
    watch: child => child.stdin?.end(ending),
  })
  platform.forget()
  t.match(await place.run(['apikeys', 'list']), { code: 0, stdout: /Bot/ })
  t.same(platform.requests, ['POST /api/cli-connect/refresh', 'GET /api/api-keys'])
  t.notMatch(await kept(), rest.key, 'another token')
  t.match(await place.run(['apikeys', 'list']), { code: 0 })
})

t.test('renews the login of the platform’s own client, and writes it back as that does', async t => {
  const platform = await servedPlatform(t)
  const place = await workplace(t, { FLUXLOOP_API_URL: platform.url })
  const file = join(place.env['HOME'] ?? '', '.fluxloop', 'auth.json')
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${platform.url}/api/cli-connect/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    return (await answer.json()) as Record<string, string> & { readonly credential?: Record<string, string> }
  }
  const { device_code, user_code = '' } = await post('start', {})
  platform.decideLogin(user_code, { account: 'jo@acme.example' })
  const { credential = {} } = await post('complete', { device_code })
  await mkdir(join(file, '..'))
  const ended = { ...credential, expires_at: new Date(Date.now() - 60_000).toISOString() }
  await writeFile(file, JSON.stringify(ended), { mode: 0o644 })
  platform.forget()
  t.match(await place.run(['auth', 'whoami']), { code: 0, stdout: /jo@acme\.example/ })
  t.same(platform.requests, ['POST /api/cli-connect/refresh', 'GET /api/auth/whoami'])
  const written = await readFile(file, 'utf8')
  t.match(JSON.parse(written), { user_id: credential['user_id'], user_email: 'jo@acme.example' })
  t.notMatch(written, credential['access_token'] ?? '', 'another token')
  t.match(written, /^\{\n  "access_token"/, 'indented as there')
  t.equal((await stat(file)).mode & 0o777, 0o600)

  await writeFile(file, JSON.stringify(ended))
  const dead = await place.run(['apikeys', 'list'])
  t.match(dead, {
    code: 3,
    stderr: /~\/\.fluxloop\/auth\.json has expired and could not be renewed[^]*fluxloop auth login/,
  })
})
