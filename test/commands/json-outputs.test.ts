// Every JSON that a command prints on standard output has a schema in schemas/, and is as that says.
import { readFile, readdir } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { commands } from '../../src/cli/commands.ts'
import { Failure } from '../../src/model/failure.ts'
import { failureToJson } from '../../src/render/text/failure-json.ts'
import { configuration } from '../support/dialects.ts'
import { workplace } from '../support/program.ts'
import { stage } from '../support/stage.ts'

const folder = new URL('../../schemas/', import.meta.url)
const ajv = new Ajv2020({ strict: false, validateFormats: false })
const names = (await readdir(folder)).filter(name => name.endsWith('.schema.json'))
for (const name of names) {
  ajv.addSchema(JSON.parse(await readFile(new URL(name, folder), 'utf8')) as object, name)
}

/** What is wrong with a document; null where nothing is. */
function problemOf(schema: string, text: string): string | null {
  return ajv.validate(`${schema}.schema.json`, JSON.parse(text)) ? null : ajv.errorsText()
}

interface Row {
  /** Of the command that prints it. */
  readonly command: string
  readonly schema: string
  /** `{id}` is the live key of `bot`. */
  readonly line?: string
  readonly code?: number
  /** A file that is there from then on. */
  readonly file?: string
}

const own = `policy:
  rules:
    named:
      when: desired.name == 'Bot'
      message: It is called Bot
      severity: low
      remedy: Call it otherwise.
      tests:
        - { name: it is, desired: { name: Bot }, finds: true }
`

/** In the order in which they are played, on one stage. */
const rows: readonly Row[] = [
  { command: 'validate', schema: 'validation' },
  { command: 'validate', schema: 'validation', line: 'validate --json -c broken.yaml', code: 2 },
  { command: 'plan', schema: 'plan' },
  { command: 'apply', schema: 'applied', line: 'apply --json --auto-approve --log run.log' },
  { command: 'rotate', schema: 'applied', line: 'rotate bot --json --auto-approve --log run.log' },
  { command: 'list', schema: 'list' },
  { command: 'revoke', schema: 'applied', line: 'revoke bot --json --auto-approve --in-use --log run.log' },
  { command: 'history', schema: 'history', line: 'history --json --log run.log' },
  { command: 'verify', schema: 'verification' },
  { command: 'calendar', schema: 'calendar' },
  {
    command: 'break-glass',
    schema: 'applied',
    line: 'break-glass bot --permission manage_keys --for 1h --reason drill --json --auto-approve',
    code: 6,
  },
  { command: 'leak', schema: 'leak', line: 'leak found.txt --json --dry-run' },
  { command: 'who', schema: 'who', line: 'who bot --json --show-personal' },
  // In a repository, and without a git to ask about it: a check that fails.
  { command: 'doctor', schema: 'checkup', code: 1, file: '.git' },
  { command: 'audit', schema: 'audit' },
  { command: 'audit', schema: 'rule-tests', line: 'audit --test --json -c rules.yaml' },
  { command: 'apikeys list', schema: 'apikeys' },
  { command: 'apikeys show', schema: 'apikeys', line: 'apikeys show {id} --json' },
  { command: 'apikeys create', schema: 'apikeys', line: 'apikeys create --name New --json' },
  { command: 'apikeys update', schema: 'apikeys', line: 'apikeys update {id} --name Renamed --json' },
  { command: 'apikeys regenerate', schema: 'apikeys', line: 'apikeys regenerate New --force --json' },
  { command: 'auth status', schema: 'auth' },
  { command: 'status', schema: 'auth' },
  { command: 'auth whoami', schema: 'auth' },
  { command: 'projects list', schema: 'projects' },
  { command: 'sandbox', schema: 'sandbox', line: 'sandbox --json --port 0' },
  { command: 'env', schema: 'variables', line: 'env bot --format json' },
]

t.test('every command that prints JSON prints what its schema says', async t => {
  const s = stage(t, {
    'fluxloop-keys.yaml': configuration,
    'found.txt': `it was flux_ci_${'z'.repeat(32)}`,
    'broken.yaml': 'version: 1\nstack: acme\ncolour: red\n',
    'rules.yaml': `${configuration}${own}`,
  })
  for (const { command, schema, line = `${command} --json`, code = 0, file } of rows) {
    if (file !== undefined) await s.write(file, '')
    const id = (await s.live()).find(({ name }) => name === 'Bot')?.id ?? 'none'
    const ran = await s.run(line.replace('{id}', id))
    t.equal(ran.code, code, `${line}: ${ran.err().slice(-300)}`)
    t.equal(problemOf(schema, ran.out()), null, line)
  }
  // Those of a fleet print what its package says: fleet/test/commands.
  const withFlag = commands.filter(
    ({ group, flags }) => group !== 'many stacks' && flags.some(({ name }) => name === 'json'),
  )
  t.same(
    withFlag.map(({ name }) => name).filter(name => !rows.some(({ command }) => command === name)),
    [],
    'no command with --json is left out',
  )
  const checked = new Set([...rows.map(({ schema }) => schema), 'failure'])
  // Those of a file that people write, of what another document holds, and of lines (test/commands/events.test.ts).
  const others = ['fluxloop-keys', 'log', 'report', 'events']
  t.same(
    names
      .map(name => name.replace('.schema.json', ''))
      .filter(name => !checked.has(name) && !others.includes(name)),
    [],
    'and no schema',
  )
})

t.test(
  'a failure is one document on standard output, whatever failed, and its words stay on standard error',
  async t => {
    const place = await workplace(t, {
      FLUXLOOP_API_KEY: 'flux_ci_SENTINEL0123456',
      FLUXLOOP_API_URL: 'http://127.0.0.1:1',
    })
    await place.write('fluxloop-keys.yaml', configuration)
    await place.write('broken.yaml', 'version: 1\nstack: acme\ncolour: red\n')
    const failures: readonly (readonly [string, string, number])[] = [
      ['apikeys list --json', 'network', 4],
      ['apply --json', 'usage', 2],
      ['plan --json --colour', 'usage', 2],
      ['plan --json -c broken.yaml', 'configuration', 2],
      ['plan --json --detailed-exitcode', 'network', 1],
      ['audit --format json', 'network', 4],
    ]
    for (const [line, code, exitCode] of failures) {
      const ran = await place.run(line.split(' '))
      t.equal(problemOf('failure', ran.stdout), null, line)
      t.match(JSON.parse(ran.stdout), { error: { code, exit_code: exitCode } }, line)
      t.equal(ran.code, exitCode, line)
      t.match(ran.stderr, /^[^]*❌ Error/, line)
      t.notMatch(ran.stdout, /SENTINEL/)
    }
    const status = await place.run(['auth', 'status', '--json'])
    t.equal(
      problemOf('auth', status.stdout),
      null,
      'its own document has the failure, and there is no second',
    )
    t.equal((await place.run(['plan'])).stdout, '', 'nobody asked for JSON')
  },
)

t.test('a failure for programs has no secret and no stack', async t => {
  const failure = new Failure('conflict', 'Two\nlines of flux_ci_abcdefghijklmnopqrstuvwxyz', {
    hints: ['Look:', 'here'],
  })
  t.same(failureToJson(failure, 12).error, {
    code: 'conflict',
    exit_code: 12,
    message: 'Two\nlines of flux_ci_[secret]',
    hints: ['Look:', 'here'],
  })
  t.match(failureToJson(new TypeError('odd'), 1).error, { code: 'internal', message: 'TypeError: odd' })
  t.match(failureToJson(7, 1).error, { code: 'internal' })
})
