// The log for people: what apply writes down, and what history makes of it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { appendFile, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { parseLogLine } from '../../src/model/log.ts'
import { openLog, readLog } from '../../src/runtime/run-log.ts'
import { stage } from '../support/stage.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/log.schema.json', import.meta.url), 'utf8'),
) as object
const isLine = new Ajv2020({
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ },
}).compile(schema)

const header = `
version: 1
stack: logged
defaults: { expires: 90d, store: { env-file: { path: '{key}.env', name: SECRET } } }
keys:
`
const key = (id: string, permission = 'read_scenarios') =>
  `  ${id}: { name: ${id}, scope: all, permissions: [${permission}] }\n`

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Readonly<Record<string, unknown>>)

t.test('writes a line for the run and one for each change: what, why, when, and by whom', async t => {
  const { succeed, read, folder, live } = stage(t, { 'fluxloop-keys.yaml': header + key('a') + key('b') })
  await succeed('apply --auto-approve --log keys.log')
  const text = await read('keys.log')
  const lines = linesOf(text)
  for (const line of lines) t.ok(isLine(line), JSON.stringify(isLine.errors))
  const [run, ...changes] = lines
  t.match(run, {
    event: 'run',
    // The server's clock, carried on by ours: a busy machine may be a second or more into the run.
    at: /^2026-11-22T12:00:\d\dZ$/,
    stack: 'logged',
    by: { account: String, key: String, key_id: /^key_/, host: 'build-3', user: 'ops' },
    plan: { create: 2, revoke: 0 },
  })
  const keys = await live()
  t.strictSame(changes.map(({ key, id }) => [key, id]).sort(), [
    ['a', keys.find(({ name }) => name === 'a')?.id],
    ['b', keys.find(({ name }) => name === 'b')?.id],
  ])
  t.match(changes[0], {
    action: 'create',
    run: run?.['run'],
    reasons: [{ code: 'declared', message: String }],
    outcome: { status: 'done', done: 'created', places: [/a\.env|b\.env/] },
  })
  for (const id of ['a', 'b']) {
    const secret = /flux_\w+/.exec(await read(`${id}.env`))?.[0]
    t.ok(secret !== undefined && !text.includes(secret), 'no secret is in it')
  }
  t.equal((await stat(join(folder, 'keys.log'))).mode & 0o777, 0o600)
})

t.test('appends, and writes nothing where a plan has nothing to do', async t => {
  const { succeed, read, write } = stage(t, { 'fluxloop-keys.yaml': header + key('a') })
  const env = { FLUXLOOP_KEYS_LOG: 'keys.log' }
  await succeed('apply --auto-approve', { env })
  const before = await read('keys.log')
  await succeed('apply --auto-approve', { env })
  t.equal(await read('keys.log'), before)
  await write('fluxloop-keys.yaml', header + key('a', 'read_results'))
  await succeed('apply --auto-approve', { env })
  const after = await read('keys.log')
  t.ok(after.startsWith(before))
  t.match(linesOf(after).at(-1), {
    action: 'update',
    reasons: [{ code: 'changed' }],
    outcome: { done: 'updated' },
  })
})

t.test('touches nothing where the log cannot be written', async t => {
  const { run, folder, live } = stage(t, { 'fluxloop-keys.yaml': header + key('a') })
  await mkdir(join(folder, 'logs'))
  const { code, err, requests } = await run('apply --auto-approve --log logs')
  t.equal(code, 1)
  t.match(err(), /Cannot write\s+the log .*logs: EISDIR/s)
  t.strictSame(requests, [])
  t.equal((await live()).length, 1, 'only the administrator')
})

t.test('goes on where the log is lost on the way, says so, and exits 1', async t => {
  const { run, live } = stage(t, { 'fluxloop-keys.yaml': header + key('a') + key('b') })
  const lines: string[] = []
  const { Failure } = await import('../../src/model/failure.ts')
  const { code, err, out } = await run('apply --auto-approve --log full.log', {
    with: {
      openLog: async () => ({
        append: line => {
          if (lines.length === 1) throw new Failure('failed', 'Cannot write the log full.log: ENOSPC')
          lines.push(line)
        },
        close: () => undefined,
      }),
    },
  })
  t.equal(code, 1)
  t.match(out(), 'Apply complete! 2 created')
  t.match(err(), 'Not everything was logged. Cannot write the log full.log: ENOSPC')
  t.equal((await live()).length, 3)
})

t.test('loses no line to another writer, nor to one that was killed in the middle of one', async t => {
  const { succeed, read, folder } = stage(t, { 'fluxloop-keys.yaml': header + key('a') })
  const writer = new URL('../support/log-writer.ts', import.meta.url).pathname
  const path = join(folder, 'keys.log')
  const writers = Array.from({ length: 3 }, (_, index) =>
    spawn(process.execPath, ['--import=tsx', writer, path, String(index)], { stdio: 'inherit' }),
  )
  t.strictSame(await Promise.all(writers.map(async child => (await once(child, 'close')) as unknown[])), [
    [0, null],
    [0, null],
    [0, null],
  ])
  // A writer that opens the log while another's line is only half there begins with a line feed. Who reads a log skips empty lines.
  const written = async () => (await read('keys.log')).split('\n').filter(line => line !== '')
  const lines = await written()
  t.equal(lines.length, 600)
  const empty = (await read('keys.log')).trimEnd().split('\n').length - lines.length
  t.ok(empty < writers.length, 'one at most of each but the first')
  t.strictSame([...new Set(lines.map(line => line.slice(1)))], ['x'.repeat(5_000)])
  await appendFile(path, '{"event":"ru')
  await succeed('apply --auto-approve --log keys.log')
  const rest = (await written()).slice(600)
  t.equal(rest[0], '{"event":"ru')
  t.strictSame(
    rest.slice(1).map(line => parseLogLine(line)?.event),
    ['run', 'change'],
  )
})

t.test('reads every line where a log was opened while another line was only half there', async t => {
  const { succeed, read, folder } = stage(t, { 'fluxloop-keys.yaml': header + key('a') })
  await succeed('apply --auto-approve --log keys.log')
  const path = join(folder, 'keys.log')
  const whole = await read('keys.log')
  await writeFile(path, whole.slice(0, -9))
  const log = openLog(path)
  await appendFile(path, whole.slice(-9))
  log.append(whole.trimEnd())
  log.close()
  t.equal(await read('keys.log'), `${whole}\n${whole}`)
  const { lines, unreadable } = await readLog(path)
  t.strictSame([lines.length, unreadable], [4, 0])
})

t.test(
  'history shows runs and changes, of one key where one is asked for, whatever else is in the file',
  async t => {
    const { succeed, run, write, read, folder } = stage(t, {
      'fluxloop-keys.yaml': header + key('a') + key('b'),
    })
    await succeed('apply --auto-approve --log keys.log')
    await write('fluxloop-keys.yaml', header + key('a', 'read_results') + key('b'))
    await succeed('apply --auto-approve --log keys.log')
    await appendFile(join(folder, 'keys.log'), 'rubbish\n{"event":"change","half')
    const all = await succeed('history --log keys.log')
    t.match(all.out(), /^2026-11-22 12:00 UTC logged: 2 to create → 2 done$/m)
    t.match(all.out(), /^ {2}by .*ops on build-3$/m)
    t.match(all.out(), /^ {2}2026-11-22 12:00 UTC a updated key_\w+$/m)
    t.match(all.out(), '# configuration changed (permissions)')
    t.match(all.out(), '3 changes in the log.')
    t.match(all.err(), '1 line of the log cannot be read and is left out.')
    t.strictSame(all.requests, [])
    t.match((await succeed('history --log keys.log --since 2026-11-22')).out(), '3 changes in the log.')
    t.match((await succeed('history --log keys.log --since 1d')).out(), '3 changes in the log.')
    t.match((await succeed('history --log keys.log --since 2026-11-23')).out(), '0 changes in the log.')
    const vague = await run('history --log keys.log --since yesterday')
    t.equal(vague.code, 2)
    t.match(vague.err(), '--since takes a date such as 2027-01-01 or a period such as 30d')
    const one = await succeed('history --key b --json', { env: { FLUXLOOP_KEYS_LOG: 'keys.log' } })
    const { lines, unreadable } = JSON.parse(one.out()) as {
      readonly lines: readonly { readonly event: string; readonly key?: string }[]
      readonly unreadable: number
    }
    t.strictSame(
      lines.map(({ event, key }) => [event, key]),
      [
        ['run', undefined],
        ['change', 'b'],
      ],
    )
    t.equal(unreadable, 1)
    const secret = /flux_\w+/.exec(await read('a.env'))?.[0] ?? 'none'
    t.notMatch(all.out() + one.out(), secret)
    const missing = await run('history --log none.log')
    t.equal(missing.code, 5)
    const unnamed = await run('history')
    t.equal(unnamed.code, 2)
    t.match(unnamed.err(), 'FLUXLOOP_KEYS_LOG')
  },
)

t.test('reads no line that is not one, and leaves escapes without effect', async t => {
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    '{"format_version":"1.0","event":"change","run":"r","at":"x"}',
    '{"format_version":"1.0","event":"run","run":"r","at":"2026-11-22T12:00:00Z","stack":"s","plan":{},"by":{"account":"a","host":"h","user":"u"}}',
  ]) {
    t.equal(parseLogLine(text), null, text)
  }
  const { succeed } = stage(t, {
    'keys.log': `${JSON.stringify({
      format_version: '1.0',
      event: 'run',
      run: 'r',
      at: '2026-11-22T12:00:00Z',
      stack: 'a\u001b[31m',
      by: { account: 'acme\u001b]0;', key: null, key_id: null, host: 'h', user: 'u' },
      plan: {},
    })}\n`,
  })
  const { out } = await succeed('history --log keys.log')
  t.notMatch(out(), '\u001b')
  t.match(out(), 'nothing to do')
})
