// `report` of the built program: a page of a sandbox over HTTP, the same offline from two files, and what report refuses.
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { PageData } from '../../src/render/page/page-data.ts'
import { type PackedData, unpackData } from '../../src/render/page/packed.ts'
import { day } from '../../src/model/duration.ts'
import { workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

const configuration = `version: 1
stack: acme
defaults:
  expires: 90d
  rotate: { maxAge: 60d }
  store: { env-file: { path: '{key}.env', name: K } }
keys:
  one: { name: Bot one, owner: alice@acme.example, environment: ci, scope: [customer-support-bot], permissions: [read_scenarios, upload_results] }
  two: { name: Bot two, environment: prod, scope: all, permissions: [read_scenarios], expires: never }
`

async function scene(t: Test) {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  platform.now = Date.UTC(2026, 0, 1, 12)
  await place.write('fluxloop-keys.yaml', configuration)
  const run = async (...args: readonly string[]) => {
    platform.forget()
    const ended = await place.run(args, { env: platform.env })
    return { ...ended, requests: [...platform.requests] }
  }
  const applied = await run('apply', '--auto-approve')
  if (applied.code !== 0) throw new Error(applied.stderr)
  const dataOf = async (file: string): Promise<PageData> => {
    const text =
      /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(await place.read(file))?.[1] ?? ''
    return unpackData(JSON.parse(text) as PackedData)
  }
  return { place, platform, run, dataOf }
}

t.test(
  'writes a page by the requests of a plan and one for the use of each key, and none offline',
  async t => {
    const { place, platform, run, dataOf } = await scene(t)
    platform.now += 40 * day
    const { code, stdout, requests } = await run('report', '--html', 'report.html')
    t.equal(code, 0)
    t.match(stdout, /^Wrote report\.html: 3 keys, \d+ findings, \d+ KB, 4 requests\.$/m)
    t.equal(requests.length, 4)
    t.equal((await stat(join(place.work, 'report.html'))).mode & 0o044, 0o044, 'a page is for others, too')
    const [live] = (await dataOf('report.html')).stacks
    t.match(live, { stack: 'acme', windowDays: 30, use: { steps: 30 } })
    t.match(
      live?.keys.map(({ key, owner, state }) => ({ key, owner, state })),
      [
        { key: 'one', owner: 'person 1', state: 'delivered' },
        { key: 'two', owner: undefined, state: 'delivered' },
        { state: 'unmanaged' },
      ],
    )
    t.same(
      live?.keys[0]?.permissions,
      { read_scenarios: 'n', upload_results: 'n' },
      'nobody used it for 30 days',
    )
    t.equal(live?.keys[0]?.position?.line, 8)
    t.ok(live?.events.some(({ event, key }) => event === 'rotates' && key === 'one'))
    t.strictSame(live?.plan?.refused, false)

    for (const [file, ...args] of [
      ['audit.json', 'audit', '--json'],
      ['plan.json', 'plan', '--json'],
    ] as const)
      await place.write(file, (await run(...args)).stdout)
    const offline = await run(
      'report',
      '--html',
      'offline.html',
      '--from',
      'audit.json',
      '--plan',
      'plan.json',
    )
    t.equal(offline.code, 0, offline.stderr)
    t.strictSame(offline.requests, [])
    const [from] = (await dataOf('offline.html')).stacks
    // The calling key is used by asking.
    const declared = (stack: typeof live) => ({
      ...stack,
      events: [],
      keys: stack?.keys.filter(({ undeclared }) => undeclared !== true),
    })
    t.strictSame(declared(from), declared(live), 'the same page but for the timeline')
    t.ok(from?.events.some(({ event, key }) => event === 'rotates' && key === 'one'))

    const windowed = await run('report', '--html', 'report.html', '--window', '90d')
    t.equal(windowed.code, 0, windowed.stderr)
    t.match((await dataOf('report.html')).stacks[0]?.use, { steps: 13, step: 7 * 86_400 })
    const text = await readFile(join(place.work, 'report.html'), 'utf8')
    t.notMatch(text, /flux_\w+_[A-Za-z0-9]{12}|alice@/)
    await run('report', '--html', 'report.html', '--show-personal')
    t.match(await place.read('report.html'), 'alice@acme.example')
  },
)

t.test('shows for each key what runs did to it, where a log is kept', async t => {
  const { place, platform, run, dataOf } = await scene(t)
  const log = ['--log', join(place.work, 'runs.jsonl')] as const
  t.equal((await run('rotate', 'one', '--auto-approve', ...log)).code, 0)
  platform.now += day
  const written = await place.run(['report', '--html', 'report.html'], {
    env: { ...platform.env, FLUXLOOP_KEYS_LOG: join(place.work, 'runs.jsonl') },
  })
  t.equal(written.code, 0, written.stderr)
  const [stack] = (await dataOf('report.html')).stacks
  t.match(stack?.past, [{ index: 0, what: 'rotated', why: 'asked for' }])
  t.equal(stack?.past?.length, 1)
  t.equal((await run('report', '--html', 'report.html')).code, 0)
  t.notOk('past' in ((await dataOf('report.html')).stacks[0] ?? {}), 'and nothing where none is')
})

t.test('refuses what makes no sense, before it asks anybody', async t => {
  const { place, run } = await scene(t)
  await place.write('other.json', '{"format_version":"1.0","findings":[]}')
  await place.write('text.html', '<p>mine</p>')
  await place.write('audit.json', (await run('audit', '--json', '--offline')).stdout)
  await place.write(
    'plan.json',
    (await run('plan', '--json')).stdout
      .replace('"acme"', '"another"')
      .replace('"stack": "acme"', '"stack": "another"'),
  )
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['report needs a file to write', []],
    ['--plan belongs to --from', ['--html', 'a.html', '--plan', 'plan.json']],
    ['everything comes from files', ['--html', 'a.html', '--from', 'audit.json', '--window', '30d']],
    [
      'other.json is not what fluxloop-keys audit --json prints',
      ['--html', 'a.html', '--from', 'other.json'],
    ],
    ['are of two stacks', ['--html', 'a.html', '--from', 'audit.json', '--plan', 'plan.json']],
    ['text.html exists and is not a report', ['--html', 'text.html']],
    ['--window takes whole days', ['--html', 'a.html', '--window', '5h']],
  ]
  for (const [words, args] of cases) {
    const { code, stderr, requests } = await run('report', ...args)
    t.match({ code, stderr, requests: requests.length }, { code: 2, stderr: words, requests: 0 })
  }
  const { code } = await run('report', '--html', 'offline.html', '--from', 'audit.json')
  t.equal(code, 0, 'an audit that asked nobody gives a page, too')
  t.match(await place.read('offline.html'), 'not created')
})
