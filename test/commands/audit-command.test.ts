// The audit of the built program against a sandbox over HTTP with a clock that is moved; every request is counted.
import { chmod, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day, hour } from '../../src/model/duration.ts'
import { workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

interface Report {
  readonly requests: number
  readonly mode: string
  readonly window_days: number
  readonly findings: readonly {
    readonly rule: string
    readonly key: string | null
    readonly permission: string | null
    readonly project: string | null
    readonly severity: string
    readonly suppressed_by: object | null
  }[]
  readonly not_looked_at: readonly {
    readonly why: string
    readonly ids: readonly string[]
    readonly rules: readonly string[]
  }[]
}

const sentinel = 'sEntinel'

const configuration = (policy = '{}', more: Readonly<Record<string, string>> = {}) => `version: 1
stack: audited
defaults:
  expires: 1y
  store: { env-file: { path: '{key}.env', name: K } }
prune: { unmanaged: ignore }
policy: ${policy}
keys:
${['one', 'two', 'three']
  .map(
    id => `  ${id}:
    name: Bot ${id}
    description: d
    owner: a
    environment: ci
    scope: [customer-support-bot]
    permissions: [read_scenarios, upload_results]
${more[id] ?? ''}`,
  )
  .join('')}`

async function scene(t: Test, policy?: string) {
  const place = await workplace(t)
  let made = 0
  const platform = await servedPlatform(t, {
    makeSecret: prefix => `${prefix}${sentinel}${String((made += 1)).padStart(24, '0')}`,
  })
  platform.now = Date.UTC(2026, 0, 1, 12)
  const run = async (...line: readonly string[]) => {
    platform.forget()
    const ended = await place.run(line, { env: platform.env })
    const usage = platform.requests.filter(request => request.endsWith('/usage')).length
    return { ...ended, usage, requests: platform.requests.length }
  }
  const declare = (text: string) => place.write('fluxloop-keys.yaml', text)
  await declare(configuration(policy))
  const applied = await run('apply', '--auto-approve')
  if (applied.code !== 0) throw new Error(applied.stdout + applied.stderr)
  const call = async (key: string, operation: 'pull' | 'upload') => {
    const secret = /"?(flux_\w+)"?/.exec(await place.read(`${key}.env`))?.[1] ?? ''
    const { status } = await platform.send(
      new Request(`http://localhost/api/sync/${operation}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          project_id: 'customer-support-bot',
          ...(operation === 'pull' ? {} : { results: [1] }),
        }),
      }),
    )
    if (status >= 300) throw new Error(`${operation} with ${key}: ${status}`)
  }
  return {
    place,
    platform,
    run,
    declare,
    call,
    /** The report, with what it cost. */
    audit: async (...flags: readonly string[]) => {
      const { stdout, stderr, code, usage, requests } = await run('audit', '--json', ...flags)
      if (stdout === '') throw new Error(stderr)
      const report = JSON.parse(stdout) as Report
      const found = report.findings.map(({ rule, key, permission }) =>
        [rule, key, permission].filter(part => part !== null).join(' '),
      )
      return { code, report, found: found.sort(), usage, requests }
    },
    idOf: async (name: string) => (await platform.managed()).find(live => live.name === name)?.id ?? '',
    cacheFolder: join(place.root, 'home', '.cache', 'fluxloop-keys'),
  }
}

t.test(
  'usage costs one request a key and day, and nothing where no rule can do anything with it',
  async t => {
    const { audit, platform, call, declare, cacheFolder, run } = await scene(t)
    const fresh = await audit()
    t.same([fresh.requests, fresh.usage], [2, 0], 'keys younger than the window: a list and a whoami')
    t.match(fresh.report.not_looked_at, [{ why: 'too_young' }])
    platform.now += 31 * day
    for (const key of ['one', 'two', 'three']) await call(key, 'pull')
    const first = await audit()
    t.same([first.requests, first.usage, first.report.requests], [5, 3, 5])
    t.same(
      first.found,
      ['one', 'three', 'two'].map(key => `unused-permission ${key} upload_results`),
    )
    platform.now += 23 * hour
    await call('one', 'upload')
    const second = await audit()
    t.same(
      [second.requests, second.report.requests, second.found],
      [2, 2, first.found],
      'as it was looked at',
    )

    const name = (await readdir(cacheFolder)).find(each => each !== 'compiled') ?? ''
    t.equal((await stat(join(cacheFolder, name))).mode & 0o777, 0o600)
    t.equal((await stat(cacheFolder)).mode & 0o777, 0o700)
    const text = await readFile(join(cacheFolder, name), 'utf8')
    t.match(text, 'Pull scenarios')
    t.notMatch(text, new RegExp(`${sentinel}|flux_(ci|dev)_`))

    platform.now += 2 * hour
    t.equal((await audit('--only', 'one')).usage, 1, 'a day later, and one key alone')
    t.same((await audit('--except', 'one')).found, first.found.slice(1))
    const third = await audit()
    t.same([third.usage, third.found], [0, first.found.slice(1)])

    for (const broken of [
      '{',
      '[]',
      '{"version":1,"keys":{"key_x":[{}]}}',
      text.replace(/"account":"[^"]*"/, '"account":"other"'),
    ]) {
      await writeFile(join(cacheFolder, name), broken)
      const { usage, found } = await audit()
      t.same([usage, found], [3, third.found], `taken as none: ${broken.slice(0, 40)}`)
    }
    await chmod(cacheFolder, 0o500)
    platform.now += 2 * day
    t.equal((await audit()).usage, 3, 'a cache that cannot be written costs requests and nothing else')
    await chmod(cacheFolder, 0o700)

    await declare(
      configuration(
        '{ severity: { unused-permission: "off", unused-project: "off", shared-key: "off", usage-unavailable: "off" } }',
      ),
    )
    t.equal((await audit()).usage, 0, 'no rule that is on needs it')
    const { code, requests, stdout } = await run('audit', '--offline', '--json')
    t.same([code, requests, (JSON.parse(stdout) as Report).mode], [0, 0, 'offline'])
  },
)

t.test(
  '--max-requests is kept to, the report says of which keys nothing is known, and the next runs see more',
  async t => {
    const { audit, platform, call, idOf } = await scene(t)
    platform.now += 31 * day
    for (const key of ['one', 'two', 'three']) await call(key, 'pull')
    const known = async (...flags: readonly string[]) => {
      const { usage, report, found } = await audit(...flags)
      const budget = report.not_looked_at.find(({ why }) => why === 'budget')
      return [usage, budget?.ids.length ?? 0, found.length]
    }
    t.same(await known('--max-requests', '0'), [0, 3, 0])
    t.same(await known('--max-requests', '1'), [1, 2, 1])
    t.same(await known('--max-requests', '1'), [1, 1, 2], 'another key than before')
    t.same(await known('--max-requests', '1'), [1, 0, 3])
    t.same(await known(), [0, 0, 3])

    const id = await idOf('Bot two')
    platform.now += 25 * hour
    platform.before = async request =>
      request.url.includes(`${id}/usage`) ? new Response('{"detail":"gone"}', { status: 404 }) : null
    const partial = await audit()
    t.match(partial.found, [
      'unused-permission one upload_results',
      'unused-permission three upload_results',
      'usage-unavailable two',
    ])
    t.match(partial.report.not_looked_at, [{ why: 'no_answer', ids: [id] }])
    platform.before = async request =>
      request.url.includes('/usage')
        ? new Response('{"detail":"later"}', { status: 503, headers: { 'retry-after': '0' } })
        : null
    platform.now += 25 * hour
    const down = await audit('--parallelism', '1')
    t.same(
      down.found,
      ['one', 'three', 'two'].map(key => `usage-unavailable ${key}`),
    )
    t.same(down.requests, 2 + down.usage)
    t.ok(down.usage <= 6, `one key is tried, and not the others: ${down.usage}`)
  },
)

t.test('looks add up to a window that is longer than what the platform tells', async t => {
  const { audit, platform, call } = await scene(t)
  await call('one', 'upload')
  const long = ['--window', '90d', '--only', 'one'] as const
  for (const ahead of [29, 29, 29]) {
    platform.now += ahead * day
    await call('one', 'pull')
    const short = await audit('--only', 'one')
    // The first look is 29 days after the key was made: no window of 30 days is over.
    t.equal(
      short.found.includes('unused-permission one upload_results'),
      platform.now > Date.UTC(2026, 1, 15),
    )
  }
  platform.now += 3 * day
  const whole = await audit(...long)
  t.same([whole.usage, whole.found, whole.report.window_days], [1, [], 90], 'it was used within 90 days')
  t.same((await audit('--only', 'one')).found, ['unused-permission one upload_results'], 'but not within 30')
  platform.now += 31 * day
  const gap = await audit(...long)
  t.same(gap.found, [], 'nothing is said of a window with a gap')
  t.match(gap.report.not_looked_at, [{ why: 'too_short' }])
})

t.test('what the platform does not tell is said, and nothing is concluded from it', async t => {
  const { audit, platform, call, declare } = await scene(t)
  platform.now += 31 * day
  await call('one', 'pull')
  platform.before = async request => {
    if (!request.url.includes('/usage')) return null
    const answer = await platform.send(request)
    const { addresses, by_operation_and_project, ...rest } = (await answer.json()) as Record<string, unknown>
    t.ok(addresses && by_operation_and_project)
    return new Response(JSON.stringify(rest), { headers: answer.headers })
  }
  const silent = await audit('--only', 'one')
  t.same(silent.found, ['unused-permission one upload_results'], 'operations alone are enough for that')
  t.match(
    silent.report.not_looked_at.filter(({ why }) => why === 'platform_does_not_say'),
    [{ rules: ['shared-key'] }],
  )
  platform.before = async request => {
    if (!request.url.includes('/usage')) return null
    return new Response(
      JSON.stringify({ total: 1, by_day: {}, by_operation: { 'Fly to the moon': 1 }, by_project: {} }),
      { headers: { 'content-type': 'application/json', date: new Date(platform.now).toUTCString() } },
    )
  }
  platform.now += 25 * hour
  const strange = await audit('--only', 'one')
  t.same(strange.found, [])
  t.match(
    strange.report.not_looked_at.filter(({ why }) => why === 'unknown_operation'),
    [{ rules: ['unused-permission'] }],
  )
  platform.before = async () => null
  platform.now += 25 * hour
  await declare(
    configuration(
      '{ failOn: medium, rules: { busy: { when: "usage.byOperation[\'Pull scenarios\'] > 0", message: Busy, severity: critical } } }',
      {
        one: '    exceptions: [{ rule: unused-permission, permission: upload_results, reason: soon, until: 2026-12-31 }]\n',
      },
    ),
  )
  for (const key of ['one', 'two', 'three']) await call(key, 'pull')
  const own = await audit()
  t.equal(own.found.filter(each => each.startsWith('busy')).length, 3)
  t.match(
    own.report.findings.filter(({ key, rule }) => key === 'one' && rule === 'unused-permission'),
    [{ suppressed_by: { reason: 'soon' } }],
  )
  t.equal(own.code, 6)
})

t.test(
  'exits with 0 below the severity that fails it, 6 at it, 2 for a wrong flag, and 5 for a key that is none',
  async t => {
    const { run, platform, call } = await scene(t)
    platform.now += 31 * day
    await call('one', 'pull')
    const rows: readonly (readonly [readonly string[], number])[] = [
      [['--only', 'one'], 0],
      [['--only', 'one', '--fail-on', 'medium'], 6],
      [['--fail-on', 'worst'], 2],
      [['--window', '12h'], 2],
      [['--window', '400d'], 2],
      [['--only', 'onne'], 5],
      [['--api-url', 'http://127.0.0.1:9', '--offline'], 0],
    ]
    for (const [flags, code] of rows) {
      const ended = await run('audit', ...flags)
      t.equal(ended.code, code, `${flags.join(' ')}: ${ended.stderr}`)
    }
  },
)
