// Every way in which a command line ends: its exit code, and the words that tell why and what to do.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { type Ended, type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

function keys(...ids: readonly string[]): string {
  const blocks = ids.map(
    id => `
  ${id}:
    name: ${id}
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    store: { env-file: { path: '{key}.env', name: FLUXLOOP_API_KEY } }`,
  )
  return `version: 1\nstack: exit-codes\nkeys:${blocks.join('')}\n`
}

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  /** Runs with the platform's URL and its administrator's key in the environment. */
  readonly run: (line: string, env?: Record<string, string | undefined>) => Promise<Ended>
  /** A key made by hand; resolves to its secret. */
  readonly byHand: (fields: Record<string, unknown>) => Promise<string>
}

async function scene(t: Test, configuration: string | null = keys('ci')): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  if (configuration !== null) await place.write('fluxloop-keys.yaml', configuration)
  return {
    place,
    platform,
    run: (line, env = {}) =>
      place.run(
        line.split(' ').filter(word => word !== ''),
        { env: { ...platform.env, ...env } },
      ),
    byHand: async fields => {
      const answer = await platform.send(
        new Request('http://localhost/api/api-keys', {
          method: 'POST',
          headers: { authorization: `Bearer ${platform.administrator.reveal()}` },
          body: JSON.stringify(fields),
        }),
      )
      return ((await answer.json()) as { key: string }).key
    },
  }
}

/** The ending, and that an error is told once, on standard error, without a stack. */
function endsWith(t: Test, ending: Ended, code: number, ...words: readonly (string | RegExp)[]): void {
  t.equal(ending.code, code, `exits ${code}: ${ending.stdout}${ending.stderr}`)
  const said = `${ending.stdout}\n${ending.stderr}`.replace(/\s+/g, ' ')
  for (const word of words) {
    if (typeof word === 'string') t.ok(said.includes(word), `says: ${word} - in: ${said}`)
    else t.match(said, word)
  }
  t.notMatch(said, /\bat .*:\d+:\d+|node:internal/, 'shows no stack')
}

t.test('usage: what the program does not know, it names, with what was probably meant', async t => {
  const { run } = await scene(t)
  for (const [line, ...words] of [
    ['pln', 'Unknown command `pln`', 'Did you mean plan?'],
    ['--json plan', 'The command comes first'],
    ['plan --jsno', 'Unknown flag --jsno', 'Did you mean --json?', 'See: fluxloop-keys help plan'],
    ['plan -x', 'Unknown flag -x'],
    ['plan --constructor=1', 'Unknown flag --constructor'],
    ['plan --no-__proto__', 'Unknown flag --no-__proto__'],
    ['plan --__proto__ 1', 'Unknown flag --__proto__'],
    ['plan surplus', 'Unexpected argument', 'surplus'],
    ['plan --max-revoke many', '--max-revoke takes a whole number', 'many'],
    ['plan --config', '--config needs a value'],
    ['apply --parallelism 0 --auto-approve', '--parallelism takes 1 or more'],
    ['apply --json', 'apply --json cannot ask', '--auto-approve'],
    ['plan --api-url http://example.com', 'from --api-url is not encrypted'],
    ['plan --api-url nowhere', 'from --api-url is not a URL'],
  ] as const) {
    t.test(line, async t => endsWith(t, await run(line), 2, ...words))
  }
})

t.test('help and version are answers, on standard output', async t => {
  const { run } = await scene(t)
  for (const line of ['', '--help', 'plan --help', '--version']) {
    const { code, stdout, stderr } = await run(line)
    t.match({ code, stderr }, { code: 0, stderr: '' }, line)
    t.match(stdout, line === '--version' ? /\d+\.\d+\.\d+/ : /fluxloop-keys/)
  }
})

t.test('configuration: every error with its place, before any request', async t => {
  const { place, platform, run } = await scene(t, null)
  endsWith(t, await run('plan'), 2, 'fluxloop-keys.yaml')
  endsWith(t, await run('plan -c missing.yaml'), 2, 'missing.yaml')
  await place.write('bad.yaml', keys('ci').replace('permissions', 'permisions').replace('90d', '-90d'))
  for (const command of ['validate', 'plan', 'apply --auto-approve']) {
    endsWith(
      t,
      await run(`${command} -c bad.yaml`),
      2,
      'bad.yaml:7:5',
      'permissions',
      'bad.yaml:8',
      '-90d',
      '^',
    )
  }
  endsWith(t, await run('plan --detailed-exitcode -c bad.yaml'), 1)
  t.strictSame(platform.requests, [])
  await place.write('good.yaml', keys('ci'))
  endsWith(t, await run('validate -c good.yaml', { FLUXLOOP_API_URL: undefined }), 0, 'is valid')
})

t.test("credentials: the words of the platform's page on API keys", async t => {
  const { platform, run, byHand } = await scene(t)
  endsWith(t, await run('plan', { FLUXLOOP_API_KEY: undefined }), 3, 'FLUXLOOP_API_KEY', 'sandbox:')
  endsWith(
    t,
    await run('plan', { FLUXLOOP_API_KEY: 'flux_ci_wrong' }),
    3,
    'Invalid API key',
    'Regenerate if needed',
  )
  const weak = await byHand({ name: 'Weak', permissions: ['read_scenarios'] })
  endsWith(
    t,
    await run('plan', { FLUXLOOP_API_KEY: weak }),
    3,
    'Insufficient permissions',
    'Required: manage_keys',
    'Current: read_scenarios',
  )
  const old = await byHand({ name: 'Old Key', permissions: ['*'], expires_in: 86_400 })
  platform.now += 3.5 * day
  endsWith(
    t,
    await run('plan', { FLUXLOOP_API_KEY: old }),
    3,
    'API key expired',
    'Key: Old Key',
    '(2 days ago)',
  )

  const { FLUXLOOP_API_KEY } = platform.env
  const older = { FLUXLOOP_API_KEY: undefined, FLUXLOOP_SYNC_API_KEY: FLUXLOOP_API_KEY }
  endsWith(t, await run('plan', older), 0)
  const both = { FLUXLOOP_SYNC_API_KEY: FLUXLOOP_API_KEY, FLUXLOOP_API_KEY: 'flux_ci_wrong' }
  endsWith(t, await run('plan', both), 0, 'FLUXLOOP_API_KEY holds another key and is not used')
  const wrong = await run('plan', { FLUXLOOP_SYNC_API_KEY: 'flux_ci_wrong' })
  endsWith(t, wrong, 3, `Sent to ${platform.url}: FLUXLOOP_SYNC_API_KEY in the environment`)
  endsWith(
    t,
    await run('plan --detailed-exitcode', { FLUXLOOP_API_KEY: 'flux_ci_wrong' }),
    1,
    'Invalid API key',
  )
})

t.test('network: unreachable, not the API, and rate limited', async t => {
  const { platform, run } = await scene(t)
  const gone = createServer()
  gone.listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port } = gone.address() as AddressInfo
  gone.close()
  endsWith(t, await run(`plan --api-url http://127.0.0.1:${port}`), 4, 'Cannot reach the platform', `${port}`)
  const answers: readonly (readonly [Response, ...string[]])[] = [
    [
      new Response('<!doctype html><h1>Hello</h1>', { headers: { 'content-type': 'text/html' } }),
      'Not the FluxLoop API',
      'Check the URL',
    ],
    [Response.json({ detail: 'Not Found' }, { status: 404 }), 'Not the FluxLoop API', '/api/api-keys'],
    [Response.redirect('https://example.com/', 302), 'Not the FluxLoop API', 'redirects'],
    [
      Response.json({ detail: 'Slow down' }, { status: 429, headers: { 'retry-after': '900' } }),
      'Rate limited',
      'Retry after: 15 minutes',
      '1,000 requests an hour',
    ],
  ]
  for (const [answer, ...words] of answers) {
    platform.before = async () => answer.clone()
    endsWith(t, await run('plan'), 4, ...words)
  }
})

t.test('a refused plan changes nothing, and names the way out', async t => {
  const { place, platform, run, byHand } = await scene(t, keys('a', 'b', 'c', 'd'))
  await byHand({ name: 'taken' })
  endsWith(t, await run('apply --auto-approve'), 0, 'Apply complete!', '4 created')

  await place.write('fluxloop-keys.yaml', keys('a', 'b', 'c', 'd', 'taken'))
  for (const line of ['plan', 'apply --auto-approve', 'apply']) {
    endsWith(t, await run(line), 6, 'taken cannot be created', 'is not managed')
  }
  endsWith(t, await run('plan --detailed-exitcode'), 1)

  await place.write('fluxloop-keys.yaml', keys('a'))
  for (const line of ['plan', 'apply --auto-approve']) {
    endsWith(t, await run(line), 6, '3 of 4 keys (75%) would be revoked', '--max-revoke 3')
  }
  t.equal((await platform.managed()).length, 4)
  endsWith(t, await run('apply --auto-approve --max-revoke 3'), 0, '3 revoked')
  t.equal((await platform.managed()).length, 1)
})

t.test('an apply that did only a part says which, and the next one does the rest', async t => {
  const { place, platform, run } = await scene(t, keys('a', 'b'))
  const blocked = join(place.work, 'b.env')
  await place.write('b.env/in-the-way', '')
  const partly = await run('apply --auto-approve')
  t.equal(
    `${partly.stdout}${partly.stderr}`.split('is not a regular file').length,
    2,
    'the reason stands once',
  )
  endsWith(t, partly, 7, 'a: created', 'b: failed', blocked, '1 created', '1 failed')
  t.equal((await platform.managed()).length, 1, 'the key that could not be delivered was not left behind')
  endsWith(t, await run('apply --auto-approve'), 1, 'b: failed')
})

t.test("one key's trouble: 7 as long as the rest is done, 6 where nothing is left to do", async t => {
  const { place, platform, run } = await scene(t, keys('ci', 'gone'))
  endsWith(t, await run('apply --auto-approve'), 0, '2 created')
  const adopter = `${keys('ci', 'other')}  lost:
    name: lost
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    adopt: key_deleted
    store: { env-file: { path: lost.env, name: FLUXLOOP_API_KEY } }
`
  await place.write('fluxloop-keys.yaml', adopter)
  const held = ['Held back: lost cannot adopt key_deleted', 'gone is not declared, but nothing is revoked']
  endsWith(t, await run('plan'), 7, ...held, '1 to create', '0 to revoke')
  endsWith(t, await run('plan --detailed-exitcode'), 1, ...held)
  endsWith(
    t,
    await run('apply --auto-approve'),
    7,
    ...held,
    'Apply complete, except for what is held back: 1 created',
  )
  for (const line of ['apply --auto-approve', 'plan'])
    endsWith(t, await run(line), 6, ...held, 'No changes. What is held back is left as it is.')
  t.equal((await platform.managed()).length, 3)
})

t.test('plan --detailed-exitcode: 0 for nothing to do, 2 for changes, 1 for errors', async t => {
  const { run } = await scene(t)
  endsWith(t, await run('plan'), 0, '1 to create')
  endsWith(t, await run('plan --detailed-exitcode'), 2, '1 to create')
  endsWith(t, await run('plan --detailed-exitcode --json'), 2)
  endsWith(t, await run('apply --auto-approve --json'), 0)
  endsWith(t, await run('plan --detailed-exitcode'), 0, 'No changes.')
  endsWith(t, await run('plan --detailed-exitcode --jsno'), 1)
})

t.test(
  'the URL comes from --api-url, FLUXLOOP_API_URL, --staging, .fluxloop/project.json, in this order',
  async t => {
    const { place, platform, run } = await scene(t)
    const { url } = platform
    const elsewhere = 'http://127.0.0.1:1'
    const project = (api_url: string) => place.write('.fluxloop/project.json', JSON.stringify({ api_url }))
    const reached = async (line: string, FLUXLOOP_API_URL: string | undefined) => {
      platform.forget()
      endsWith(t, await run(line, { FLUXLOOP_API_URL }), 0)
      t.equal(platform.requests.length, 2, line)
    }
    await project(elsewhere)
    await reached(`plan --staging --api-url ${url}`, elsewhere)
    await reached('plan --staging', url)
    const platformOf = async (line: string) => {
      const { stdout } = await run(`status --json ${line}`.trim(), {
        FLUXLOOP_API_URL: '',
        FLUXLOOP_API_KEY: undefined,
        HTTPS_PROXY: 'http://127.0.0.1:1',
        DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere',
      })
      return (JSON.parse(stdout) as { platform: { url: string } }).platform.url
    }
    await project('https://api.fluxloop.ai')
    t.equal(await platformOf('--staging'), 'https://staging.api.fluxloop.ai')
    await project('https://staging.api.fluxloop.ai')
    t.equal(await platformOf(''), 'https://staging.api.fluxloop.ai')
    await project('not a URL')
    endsWith(t, await run('plan', { FLUXLOOP_API_URL: undefined }), 2, 'project.json')
  },
)

t.test('12 as long as a key is half made that only its own machine may finish', async t => {
  const { place, platform, run } = await scene(t)
  t.match(await run('apply --auto-approve', { FLUXLOOP_KEYS_CRASH_AT: 'after-create' }), {
    signal: 'SIGKILL',
  })
  platform.now += day
  const elsewhere = { HOME: place.work }
  for (const line of ['apply --auto-approve', 'apply --auto-approve'])
    t.match(await run(line, elsewhere), { code: 12, stdout: /not healed from here/ })
  t.match(await run('apply --auto-approve --take-over', elsewhere), { code: 0 })
  t.match(await run('apply --auto-approve', elsewhere), { code: 0 })
})

t.test('says so, and does not wait for ever, where the folder of a sandbox cannot be made', async t => {
  const place = await workplace(t)
  // Node's own recursive mkdir never ends there.
  const database = '/proc/fluxloop/sandbox.db'
  for (const args of [
    ['sandbox', '--database', database],
    ['auth', 'whoami', '--api-url', `sandbox:${database}`],
  ]) {
    let limit: NodeJS.Timeout | undefined
    const ending = await place.run(args, {
      watch: child => (limit = setTimeout(() => child.kill('SIGKILL'), 20_000)),
    })
    clearTimeout(limit)
    endsWith(t, ending, 1, `Cannot open ${database} as the database of a sandbox`, 'Name a file in a folder')
  }
})
