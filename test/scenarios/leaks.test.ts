// Consumers that work by the hour and by the week, a thief with a stolen secret, and what the program says and does about them, over HTTP.
import t, { type Test } from 'tap'
import { day, hour } from '../../src/model/duration.ts'
import type { LeakJson } from '../../src/render/audit/leak-text.ts'
import type { WhoJson } from '../../src/render/audit/who-text.ts'
import type { PlanJson } from '../../src/render/plan/plan-json.ts'
import { type Ended, type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'
import { signingKey } from '../support/signing.ts'
import { act } from '../support/simulated-consumer.ts'

const configuration = (more = '') => `
version: 1
stack: acme
keys:
  ci:
    name: CI
    scope: all
    permissions: [read_scenarios, upload_results]
    expires: 1y
    rotate: { grace: 48h, quiet: 24h }
    store: { env-file: { path: ci.env, name: FLUXLOOP_API_KEY } }
    consumers:
      - { name: hourly, addresses: [127.0.0.2], userAgent: 'agents/*', operations: [List scenarios], every: 1d }
      - { name: weekly, addresses: [127.0.0.3], userAgent: 'report/*', operations: [Pull scenarios], every: 8d }
${more}`

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly run: (line: readonly string[], input?: string) => Promise<Ended>
  readonly json: <T>(line: readonly string[], code?: number, input?: string) => Promise<T>
  readonly secret: () => Promise<string>
  /** What each of them does once, with the secret that is given or the one that the store holds. */
  readonly hourly: (secret?: string) => Promise<number>
  readonly weekly: (secret?: string) => Promise<number>
  readonly thief: (secret: string) => Promise<number>
  /** Days go by, with an hourly consumer that works every hour. */
  readonly pass: (days: number) => Promise<void>
  /** Everything that was printed. */
  readonly told: () => string
}

async function scene(t: Test, file = configuration()): Promise<Scene> {
  const platform = await servedPlatform(t)
  const place = await workplace(t, platform.env)
  await place.write('fluxloop-keys.yaml', file)
  await place.write('.gitignore', '*.env\n')
  let told = ''
  const run = async (line: readonly string[], input?: string) => {
    const ended = await place.run(line, input === undefined ? {} : { input })
    told += ended.stdout + ended.stderr
    return ended
  }
  const secret = async () => /FLUXLOOP_API_KEY=(\S+)/.exec(await place.read('ci.env'))?.[1] ?? ''
  const deed = async (from: string, userAgent: string, call: string, of?: string) =>
    act(platform.url, {
      secret: of ?? (await secret()),
      from,
      userAgent,
      call,
      ...(call.startsWith('POST') ? { body: {} } : {}),
    })
  const hourly = (of?: string) => deed('127.0.0.2', 'agents/2', 'GET /api/scenarios', of)
  return {
    place,
    platform,
    run,
    json: async (line, code = 0, input) => {
      const ended = await run([...line, '--json'], input)
      t.equal(ended.code, code, `${line.join(' ')}: ${ended.stderr}`)
      return JSON.parse(ended.stdout) as never
    },
    secret,
    hourly,
    weekly: of => deed('127.0.0.3', 'report/1', 'POST /api/sync/pull', of),
    thief: of => deed('127.0.0.66', 'agents/2', 'GET /api/scenarios', of),
    pass: async days => {
      const own = await secret()
      for (let at = 0; at < days * 24; at += 1) {
        platform.now += hour
        await hourly(own)
      }
    },
    told: () => told,
  }
}

const applied = ['apply', '--auto-approve']
const names = (who: WhoJson) => who.keys[0]?.consumers.map(({ name, status }) => `${name} ${status}`)

t.test('declares consumers, sees them, finds a thief, and contains the leak in one command', async t => {
  const s = await scene(t)
  t.equal((await s.run(applied)).code, 0)
  await s.weekly()
  await s.pass(2)
  const calm = await s.json<WhoJson>(['who', 'ci'])
  t.strictSame(names(calm), ['hourly seen', 'weekly seen'])
  t.strictSame(calm.keys[0]?.unknown, [])

  const stolen = await s.secret()
  const first = await s.platform.holder(stolen)
  for (let times = 0; times < 3; times += 1) t.equal(await s.thief(stolen), 200)
  s.platform.forget()
  const seen = await s.json<WhoJson>(['who', 'ci', '--show-personal'])
  // A list, and the one key over 30 days, 2 days and 9 days.
  t.strictSame(
    [...s.platform.requests].sort(),
    ['GET /api/api-keys', ...Array<string>(3).fill('GET /api/api-keys/:id/usage')].sort(),
  )
  t.equal(seen.requests, 4)
  const [address, last] = seen.keys[0]?.unknown ?? []
  t.match(address, { kind: 'addresses', requests: 3, addresses: ['127.0.0.66'] })
  t.match(last, { kind: 'last-use', addresses: ['127.0.0.66'], user_agent: 'agents/2' })
  const hidden = await s.json<WhoJson>(['who', 'ci'])
  t.notMatch(JSON.stringify(hidden), /127\.0\.0\.66/, 'addresses are for whoever asks for them')
  const audit = await s.run(['audit', '--format', 'json'])
  t.equal(audit.code, 6)
  t.match(audit.stdout, '"rule": "unknown-consumer"')
  t.notMatch(audit.stdout, /127\.0\.0\.66/)

  const report = JSON.stringify([
    { RuleID: 'fluxloop-api-key', Secret: stolen, Match: stolen, File: 'app.py', StartLine: 7, Commit: '' },
  ])
  const dry = await s.json<LeakJson>(['leak', '--stdin', '--dry-run', '--show-personal'], 6, report)
  t.match(dry, { contained: false, found: [{ verdict: 'declared', key: 'ci', id: first, works: null }] })
  t.match((dry.done as PlanJson).changes, [{ action: 'rotate' }, { action: 'revoke' }])
  t.equal(await s.thief(stolen), 200, 'nothing was changed')

  s.platform.forget()
  let lastTheft = 0
  let revokedAt = 0
  s.platform.before = async request => {
    if (request.method === 'DELETE') revokedAt = s.platform.requests.length
    // The thief is quick: it tries between any two requests of ours.
    if (new URL(request.url).pathname !== '/api/scenarios') {
      const at = s.platform.requests.length
      if ((await s.thief(stolen)) === 200) lastTheft = at
    }
    return null
  }
  const done = await s.json<LeakJson>(
    ['leak', '--stdin', '--auto-approve', '--show-personal', '--log', 'log.jsonl'],
    0,
    report,
  )
  s.platform.before = async () => null
  const own = s.platform.requests.filter(each => each !== 'GET /api/scenarios')
  t.strictSame(own, [
    'GET /api/api-keys',
    'GET /api/auth/whoami', // with the found secret
    'GET /api/api-keys/:id/usage',
    'GET /api/api-keys',
    'GET /api/auth/whoami',
    'PATCH /api/api-keys/:id', // leaked
    'POST /api/api-keys',
    'GET /api/api-keys',
    'GET /api/auth/whoami', // with the new secret
    'PATCH /api/api-keys/:id', // delivered
    'GET /api/api-keys',
    'DELETE /api/api-keys/:id',
    'GET /api/auth/whoami', // with the found secret, which is refused
  ])
  t.equal(own.indexOf('DELETE /api/api-keys/:id'), 11, 'revoked by the twelfth request')
  t.ok(lastTheft > 0 && lastTheft <= revokedAt, 'the last use by the thief is before the revocation')
  t.equal(await s.thief(stolen), 401, 'and none after the end')
  t.match(done, {
    contained: true,
    found: [{ end: stolen.slice(-4), places: ['app.py:7'], verdict: 'declared', key: 'ci', works: false }],
    uses: [{ key: 'ci', consumers_declared: true, known: true }],
    requests: 13,
  })
  t.match(done.uses[0]?.unknown[0], { kind: 'addresses', addresses: ['127.0.0.66'] })
  t.match(await s.place.read('log.jsonl'), /found in a report of gitleaks/)
  t.equal(await s.hourly(), 200, 'its consumers go on with the new secret')

  const again = await s.json<LeakJson>(['leak', '--stdin', '--auto-approve'], 0, report)
  t.match(again, { contained: true, done: null, found: [{ verdict: 'unknown', key: null, works: null }] })
  t.notMatch(s.told(), stolen)
  t.notMatch(s.told(), await s.secret())
})

t.test('shows whose secret was read anew after a rotation, and who fell silent', async t => {
  const s = await scene(t)
  t.equal((await s.run(applied)).code, 0)
  await s.pass(1)
  const old = await s.secret()
  const before = await s.json<PlanJson>(['plan'])
  t.strictSame(before.consumers, [])
  t.equal((await s.run(['rotate', 'ci', '--auto-approve'])).code, 0)
  s.platform.now += hour
  t.equal(await s.hourly(), 200, 'the hourly one has read the new secret')
  t.equal(await s.weekly(old), 200, 'the weekly one has not')
  const plan = await s.json<PlanJson>(['plan'])
  t.match(plan.consumers, [{ key: 'ci', consumer: 'weekly', effect: 'not-moved', certain: true }])
  t.match((await s.run(['plan'])).stdout, /"weekly" has not read the new secret and still uses key_\w+/)
  t.match(await s.json<WhoJson>(['who', 'ci']), { keys: [{ not_moved: [{ consumer: 'weekly' }] }] })

  await s.weekly()
  s.platform.now += 4 * day
  await s.hourly()
  t.equal((await s.run(applied)).code, 0, 'the old key goes')
  t.strictSame(names(await s.json<WhoJson>(['who', 'ci'])), ['hourly seen', 'weekly seen'])
  s.platform.now += 10 * day
  await s.hourly()
  t.strictSame(names(await s.json<WhoJson>(['who', 'ci'])), ['hourly seen', 'weekly silent'])
  const table = await s.run(['who', '--all'])
  t.match(table.stdout, /^ci +2 +1 +"weekly" +- +-$/m)
})

t.test('reports a found secret that is dead, of nobody here, or unknown, and touches nothing', async t => {
  const s = await scene(t)
  t.equal((await s.run(applied)).code, 0)
  const own = await s.secret()
  const dead = `${own.slice(0, 12)}${'0'.repeat(own.length - 17)}${own.slice(-5)}`
  const unknown = `flux_prod_${'a'.repeat(32)}`
  const input = `first ${dead}\nsecond ${unknown} and ${s.platform.administrator.reveal()}\n`
  const found = await s.json<LeakJson>(['leak', '--stdin', '--auto-approve'], 6, input)
  t.strictSame(
    found.found.map(({ verdict, contained }) => [verdict, contained]),
    [
      ['dead', true],
      ['unknown', true],
      ['not-declared', false],
    ],
  )
  t.equal(found.done, null)
  t.ok(await s.platform.holder(own), 'no key was touched')
  const text = await s.run(['leak', '--stdin'], input)
  t.match(text.stdout, /unknown to the platform: no live key ends like it, so it was not sent there/)
  t.match(text.stdout, /fluxloop-keys apikeys delete key_\w+/)
  const nothing = await s.run(['leak', '--stdin'], '[]')
  t.match([nothing.code, nothing.stdout], [0, /No secret was found/])
  for (const each of [dead, unknown, own, s.platform.administrator.reveal()]) t.notMatch(s.told(), each)
})

t.test('replaces the very key that it calls with, and revokes that in a second run', async t => {
  const file = `
version: 1
stack: acme
keys:
  deployer:
    { name: Deployer, scope: all, permissions: ['*'], expires: 1y, store: { env-file: { path: ci.env, name: FLUXLOOP_API_KEY } } }
`
  const s = await scene(t, file)
  t.equal((await s.run(applied)).code, 0)
  const leaked = await s.secret()
  const as = async (secret: string) => {
    const ended = await s.place.run(['leak', '--stdin', '--auto-approve', '--json'], {
      env: { FLUXLOOP_API_KEY: secret },
      input: leaked,
    })
    return { code: ended.code, report: JSON.parse(ended.stdout) as LeakJson }
  }
  const first = await as(leaked)
  t.match(first, { code: 6, report: { contained: false, found: [{ key: 'deployer', works: true }] } })
  const fresh = await s.secret()
  t.not(fresh, leaked)
  const second = await as(fresh)
  t.match(second, { code: 0, report: { contained: true, found: [{ key: 'deployer', works: false }] } })
  t.equal(await s.secret(), fresh, 'with no further rotation')
  t.equal((await s.platform.managed()).length, 1)
})

t.test('a temporary permission ends by itself, with the next apply after its day', async t => {
  const s = await scene(t)
  const until = new Date(s.platform.now + 9 * day).toISOString().slice(0, 10)
  const entry = `[read_scenarios, { permission: upload_results, until: ${until}, reason: migration }]`
  await s.place.write(
    'fluxloop-keys.yaml',
    configuration().replace('[read_scenarios, upload_results]', entry),
  )
  t.equal((await s.run(applied)).code, 0)
  const permissions = async () => (await s.platform.managed())[0]?.permissions
  t.strictSame(await permissions(), ['read_scenarios', 'upload_results'])
  const calendar = await s.run(['calendar', '--days', '14'])
  t.match(calendar.stdout, /~ narrows +ci +permission\s+upload_results ends/)
  t.match((await s.run(['plan'])).stdout, /has the permission upload_results until the end of/)
  t.match((await s.json<PlanJson>(['plan', '--at', '+11d'])).changes, [
    { action: 'update', fields: [{ field: 'permissions' }] },
  ])
  s.platform.now += 8 * day
  t.equal((await s.run([...applied])).code, 0)
  t.strictSame(await permissions(), ['read_scenarios', 'upload_results'], 'not a day too early')
  s.platform.now += 2 * day
  const due = await s.json<PlanJson>(['plan'])
  t.match(due.changes, [{ action: 'update', fields: [{ field: 'permissions' }] }])
  t.match(
    due.audit?.findings.map(({ rule }) => rule),
    ['grant-ended'],
  )
  s.platform.forget()
  t.equal((await s.run(applied)).code, 0)
  t.strictSame(
    s.platform.requests.filter(each => each.startsWith('PATCH')),
    ['PATCH /api/api-keys/:id'],
    'one PATCH, and no rotation',
  )
  t.strictSame(await permissions(), ['read_scenarios'])
  t.strictSame((await s.json<PlanJson>(['plan'])).changes, [])
})

const emergency = `policy:
  breakGlass:
    - { who: ['Sandbox admin*'], keys: [ci], permissions: [read_results], maxFor: 4h }
`

t.test(
  'breaks glass at once and for a time, tells who and why, and asks for a rotation afterwards',
  async t => {
    const s = await scene(t, configuration(emergency))
    t.equal((await s.run(applied)).code, 0)
    const view = async () =>
      act(s.platform.url, {
        secret: await s.secret(),
        from: '127.0.0.2',
        userAgent: 'agents/2',
        call: 'GET /api/results',
      })
    t.equal(await view(), 403)
    const line = ['break-glass', 'ci', '--permission', 'read_results', '--reason', 'incident 4711']
    t.equal((await s.run([...line, '--auto-approve'])).code, 2, 'for how long?')
    const long = await s.run([...line, '--for', '5h', '--auto-approve'])
    t.match([long.code, long.stdout], [6, /the policy does not allow it for that long/])
    s.platform.forget()
    const done = await s.run([...line, '--for', '2h', '--auto-approve', '--log', 'log.jsonl'])
    t.equal(done.code, 0, done.stderr + done.stdout)
    t.match(done.stdout, /break-glass: "incident 4711"/)
    t.strictSame(s.platform.requests, [
      'GET /api/api-keys',
      'GET /api/auth/whoami',
      'GET /api/auth/whoami', // with the stored secret, which proves that the key is ours
      'PATCH /api/api-keys/:id',
    ])
    t.equal(await view(), 200, 'at once')
    const log = (await s.place.read('log.jsonl')).trim().split('\n')
    t.match(JSON.parse(log[1] ?? ''), {
      event: 'change',
      action: 'update',
      by: { key: 'Sandbox administrator' },
      reasons: [{ code: 'break-glass', message: /incident 4711/ }],
      outcome: { status: 'done' },
    })

    const during = await s.json<PlanJson>(['plan'])
    t.strictSame(during.changes, [])
    t.match(during.findings, [{ code: 'break-glass', cause: 'active', permissions: ['read_results'] }])
    t.equal((await s.run([...applied])).code, 0)
    t.strictSame((await s.json<PlanJson>(['plan', '--drift'])).changes, [])
    t.equal(await view(), 200, 'an apply keeps it')

    s.platform.now += 2 * hour
    const after = await s.json<PlanJson>(['plan'])
    t.match(after.changes, [{ action: 'update', fields: [{ field: 'permissions', cause: 'break-glass' }] }])
    t.equal((await s.run(applied)).code, 0)
    t.equal(await view(), 403, 'and the next one takes it away')
    const asking = await s.json<PlanJson>(['plan'])
    t.strictSame(asking.changes, [])
    t.match(asking.findings, [{ code: 'break-glass', cause: 'ended', hint: /fluxloop-keys rotate ci/ }])
    t.equal((await s.run(['rotate', 'ci', '--auto-approve'])).code, 0)
    t.strictSame((await s.json<PlanJson>(['plan'])).findings, [], 'until it is rotated')
  },
)

t.test('nobody breaks glass where the policy does not say who', async t => {
  const s = await scene(t)
  t.equal((await s.run(applied)).code, 0)
  const line = ['break-glass', 'ci', '--permission', 'read_results', '--for', '1h', '--reason', 'x']
  s.platform.forget()
  const refused = await s.run([...line, '--auto-approve'])
  t.match([refused.code, refused.stdout], [6, /the policy lets nobody do that/])
  t.strictSame(s.platform.requests, ['GET /api/api-keys', 'GET /api/auth/whoami'])
})

t.test('a grant is signed where markers are, and counts only as long as its signature holds', async t => {
  const { publicKey, privateKey } = signingKey()
  const signing = `marker: { publicKeys: ['${publicKey}'], signingKey: { env: FLUXLOOP_KEYS_SIGNING_KEY } }\n`
  const s = await scene(t, configuration(`${emergency}${signing}`))
  const run = (...line: readonly string[]) =>
    s.place.run(line, { env: { FLUXLOOP_KEYS_SIGNING_KEY: privateKey } })
  t.equal((await run(...applied)).code, 0)
  const line = ['break-glass', 'ci', '--permission', 'read_results', '--for', '2h', '--reason', 'drill']
  const given = await run(...line, '--auto-approve')
  t.equal(given.code, 0, given.stderr + given.stdout)
  t.match((await s.json<PlanJson>(['plan'])).findings, [{ code: 'break-glass', cause: 'active' }])

  const [live] = await s.platform.managed()
  const key = `${s.platform.url}/api/api-keys/${live?.id ?? ''}`
  const headers = {
    authorization: `Bearer ${s.platform.administrator.reveal()}`,
    'content-type': 'application/json',
  }
  const { description } = (await (await fetch(key, { headers })).json()) as { description: string }
  t.match(description, / x[0-9a-f]{3}:[0-9a-z]+ ~[\w-]{86}\]$/)
  const unsigned = description.replace(/ ~[\w-]{86}\]$/, ']')
  await fetch(key, { method: 'PATCH', headers, body: JSON.stringify({ description: unsigned }) })
  const forged = await s.json<PlanJson>(['plan'])
  t.match(forged.findings, [{ code: 'break-glass', cause: 'not-allowed' }])
  t.match(forged.changes, [{ action: 'update', fields: [{ field: 'permissions', cause: 'drift' }] }])
})
