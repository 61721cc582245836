// What programs read: `--json-lines` and `--json-into`.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { eventText, failedEvent } from '../../src/render/report/event-line.ts'
import { golden } from '../render/golden.ts'
import { eventsOf, pathsOf, problemOf } from '../support/events.ts'
import { workplace } from '../support/program.ts'
import { stage } from '../support/stage.ts'

const key = (id: string, path: string) => `
  ${id}:
    name: ${id}
    scope: [sales-assistant]
    permissions: [read_scenarios]
    expires: 90d
    store: { env-file: { path: ${path}, name: FLUXLOOP_API_KEY } }`

const head = 'version: 1\nstack: acme\nkeys:'
const files = { 'fluxloop-keys.yaml': head + key('bot', 'bot.env') }
const lines = 'apply --auto-approve --json-lines'

t.test('a run is a stream of events: version, planned, start, progress, outcome and summary', async t => {
  const s = stage(t, files)
  const events = eventsOf((await s.succeed(lines)).out())
  t.equal(events[0]?.event, 'version')
  t.equal(events[1]?.event, 'planned')
  const [start] = events.filter(({ event }) => event === 'start')
  t.match(start, { action: 'create', key: 'bot', id: null })
  t.ok(events.some(({ event }) => event === 'progress'))
  t.match(events.at(-2), { event: 'outcome', outcome: { status: 'done', done: 'created', key: 'bot' } })
  t.match(events.at(-1), {
    event: 'summary',
    exit_code: 0,
    error: null,
    complete: true,
    summary: { created: 1 },
  })

  t.same(
    eventsOf((await s.succeed(lines)).out()).map(({ event }) => event),
    ['version', 'planned', 'summary'],
    'of nothing to do',
  )
})

t.test('a change that fails, and a run that is interrupted or refused, end with a summary too', async t => {
  const s = stage(t, { 'fluxloop-keys.yaml': head + key('bot', 'bot.env') + key('ill', 'folder/ill.env') })
  await mkdir(join(s.folder, 'folder/ill.env'), { recursive: true })
  const failed = await s.run(lines)
  t.equal(failed.code, 7)
  const events = eventsOf(failed.out())
  t.match(events.at(-1), {
    event: 'summary',
    exit_code: 7,
    complete: false,
    summary: { created: 1, failed: 1 },
  })
  t.ok(events.some(({ outcome }) => (outcome as { status?: string } | undefined)?.status === 'failed'))

  await s.write('second.yaml', (head + key('bot', 'second.env')).replace('acme', 'second'))
  const stopped = new AbortController()
  stopped.abort()
  const interrupted = await s.run(`${lines} -c second.yaml`, { with: { stopping: stopped.signal } })
  t.equal(interrupted.code, 130)
  const last = eventsOf(interrupted.out())
  t.match(last.at(-2), { event: 'outcome', outcome: { status: 'not_started', why: 'interrupted' } })
  t.match(last.at(-1), { event: 'summary', exit_code: 130, interrupted: true })

  await s.write('wider.yaml', (head + key('bot', 'bot.env')).replace('[sales-assistant]', 'all'))
  const refused = await s.run(`${lines} -c wider.yaml --forbid widening`)
  t.match(eventsOf(refused.out()).at(-1), { event: 'summary', exit_code: 6, complete: true })
})

t.test('names of events and of their properties stay: programs depend on them', async t => {
  const s = stage(t, { ...files, 'two.yaml': head + key('bot', 'bot.env') + key('ill', 'folder/ill.env') })
  await mkdir(join(s.folder, 'folder/ill.env'), { recursive: true })
  const ran = [
    await s.run(lines),
    await s.run(`${lines} -c two.yaml`),
    await s.run('rotate bot --auto-approve --json-lines'),
  ]
  const end = failedEvent(new Failure('network', 'No answer', { hints: ['Try again.'] }), 4, 0)
  const events = eventsOf(`${ran.map(({ out }) => out()).join('')}${eventText(end)}\n`)
  const names = [...new Set(events.map(({ event }) => event))]
  const shown = names.map(name => {
    const paths = events.filter(({ event }) => event === name).flatMap(event => pathsOf(event))
    return [name, ...[...new Set(paths)].sort().map(path => `  ${path}`)].join('\n')
  })
  golden(t, 'events', shown.join('\n'), import.meta.url)
})

t.test('no event holds a secret', async t => {
  const s = stage(t, files)
  const out =
    (await s.succeed(lines)).out() + (await s.succeed('rotate bot --auto-approve --json-lines')).out()
  const [secret = ''] = /flux_\w+/.exec(await s.read('bot.env')) ?? []
  t.ok(secret.length > 20)
  t.notOk(out.includes(secret))
  t.notMatch(out, /flux_(dev|ci|stg|prod)_\w{8,}/)
})

t.test('a command line that cannot begin, and a platform that is not there, are two events', async t => {
  const place = await workplace(t, {
    FLUXLOOP_API_KEY: 'flux_ci_SENTINEL0123456',
    FLUXLOOP_API_URL: 'http://127.0.0.1:1',
  })
  await place.write('fluxloop-keys.yaml', head + key('bot', 'bot.env'))
  for (const [line, code, exitCode] of [
    ['apply --json-lines', 'usage', 2],
    ['apply --json-lines --json --auto-approve', 'usage', 2],
    ['apply --json-lines --colour', 'usage', 2],
    ['apply --json-lines --auto-approve', 'network', 4],
    ['rotate bot --json-lines --auto-approve -c missing.yaml', 'configuration', 2],
  ] as const) {
    const ran = await place.run(line.split(' '))
    const events = eventsOf(ran.stdout)
    t.same(
      events.map(({ event }) => event),
      ['version', 'summary'],
      line,
    )
    t.match(events.at(-1), { exit_code: exitCode, error: { code }, complete: false, summary: null }, line)
    t.equal(ran.code, exitCode, line)
    t.notMatch(ran.stdout, /SENTINEL/)
  }
})

t.test('--json-into writes the document of --json, and the text stays', async t => {
  const s = stage(t, { ...files, 'notes.yaml': 'not: ours\n', 'plan.json': '{\n  "format": "other"\n}\n' })
  const document = await s.succeed('plan --json')
  const text = await s.succeed('plan')
  const both = await s.succeed('plan --json-into out.json')
  t.equal(both.out(), text.out())
  t.equal(await s.read('out.json'), document.out().trimEnd())
  t.equal((await s.run('plan --json-into out.json --detailed-exitcode')).code, 2, 'again, over its own file')

  const ran = await s.succeed('apply --auto-approve --json-into out.json')
  t.match(ran.out(), /1 created/)
  const applied = JSON.parse(await s.read('out.json')) as { report: unknown }
  t.equal(problemOf('applied', applied), null)
  t.match(applied, { report: { summary: { created: 1 }, complete: true } })
  t.equal((await s.run('plan --json-into out.json')).code, 0, 'and over that of apply')

  for (const path of ['notes.yaml', 'plan.json', 'fluxloop-keys.yaml']) {
    const before = await s.read(path)
    const refused = await s.run(`plan --json-into ${path}`)
    t.equal(refused.code, 2)
    t.same(refused.requests, [])
    t.match(refused.err(), /is not JSON of\s+fluxloop-keys/)
    t.equal(await s.read(path), before)
  }
  t.equal((await s.run('plan --json-into missing/out.json')).code, 1)
})

t.test(
  '--json-into holds the failure of a run that failed, and never the document of an earlier one',
  async t => {
    const s = stage(t, { ...files, 'broken.yaml': 'version: 1\nstack: acme\ncolour: red\n' })
    await s.succeed('plan --json-into out.json')
    for (const [flag, exitCode] of [
      ['', 2],
      [' --detailed-exitcode', 1],
    ] as const) {
      await s.run(`plan --json-into out.json -c broken.yaml${flag}`)
      const failure: unknown = JSON.parse(await s.read('out.json'))
      t.equal(problemOf('failure', failure), null)
      t.match(failure, { error: { code: 'configuration', exit_code: exitCode } })
    }
    let meanwhile: string | null = null
    await s.run('apply --auto-approve --json-into out.json', {
      with: { checkpoint: () => void (meanwhile ??= 'begun') },
      platform: {
        ...s.platform,
        fetch: async request => {
          meanwhile = await s.read('out.json')
          return await s.platform.fetch(request)
        },
      },
    })
    t.equal(meanwhile, '', 'it is empty while the run goes on')
  },
)
