// What the command line makes of flags: typed values, or an error that shows the right spelling.
import t from 'tap'
import { readCommandLine } from '../../src/cli.ts'
import { defineCommand } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { count, countOr, list, text, textOrEmpty, toggle } from '../../src/cli/flags.ts'
import { failed } from '../support/failed.ts'
import { testContext } from '../support/context.ts'
import { workplace } from '../support/program.ts'

const refused = (...args: readonly string[]) => failed(Promise.resolve().then(() => readCommandLine(args)))

t.test('a flag that is wrong is an error that shows the right spelling', async t => {
  const rows: readonly (readonly [line: string, message: string, hint: RegExp | null])[] = [
    ['apply -auto-approve', 'Unknown flag -auto-approve', /^Did you mean --auto-approve\?$/],
    ['apply -auto-aprove', 'Unknown flag -auto-aprove', /^Did you mean --auto-approve\?$/],
    ['plan -only a', 'Unknown flag -only', /^Did you mean --only\?$/],
    ['plan -only=a', 'Unknown flag -only', /^Did you mean --only\?$/],
    ['plan -json', 'Unknown flag -json', /^Did you mean --json\?$/],
    ['plan -ckeys.yaml', 'Unknown flag -ckeys.yaml', /^Did you mean -c keys.yaml\?$/],
    ['plan --no-such', 'Unknown flag --no-such', null],
    ['plan --no-colour', 'Unknown flag --no-colour', /^Did you mean --no-color\?$/],
    ['plan --color', 'Unknown flag --color', /^Did you mean --no-color\?$/],
    ['plan --jsno', 'Unknown flag --jsno', /^Did you mean --json\?$/],
    ['plan ---json', 'Unknown flag ---json', /^Did you mean --json\?$/],
    ['plan -', 'Unexpected argument `-`', null],
    ['apply -v', 'Unknown flag -v', /^Did you mean --verbose\?$/],
    ['apply --version', 'Unknown flag --version', /^Did you mean --verbose\?$/],
    ['apply --auto-approve=yes', '--auto-approve takes no value', null],
    ['plan --config', '--config needs a value', null],
    ['plan --config=', '--config needs a value', null],
    ['plan --config --json', '--config needs a value', /^Did you mean --config=--json\? A value that/],
    ['plan --max-revoke many', '--max-revoke takes a whole number, not `many`', null],
    ['plan --max-revoke -5', '--max-revoke needs a value', /--max-revoke=-5/],
    ['plan --constructor=1', 'Unknown flag --constructor', null],
    ['plan --__proto__ 1', 'Unknown flag --__proto__', null],
    ['validate keys.yaml', 'Unexpected argument `keys.yaml`', /with -c: validate -c keys\.yaml$/],
    ['plan ci-pipeline', 'Unexpected argument `ci-pipeline`', /with --only: plan --only ci-pipeline$/],
    ['plan help', 'Unexpected argument `help`', /^Did you mean help plan\?$/],
    [
      'break-glass ci manage_keys',
      'Unexpected argument `manage_keys`',
      /break-glass KEY --permission manage_keys$/,
    ],
    ['break-glass ci other.yaml', 'Unexpected argument `other.yaml`', /break-glass -c other\.yaml$/],
    ['apikeys help', 'Unknown command `apikeys help`', /^Did you mean help apikeys\?$/],
    ['apikeys help create', 'Unknown command `apikeys help`', /^Did you mean help apikeys create\?$/],
    ['--json plan', 'The command comes first, then its flags: `--json`', /^Did you mean plan --json\?$/],
    ['pln', 'Unknown command `pln`', /^Did you mean plan\?$/],
    [
      'env ci --format bash',
      '--format takes sh, fish, powershell, dotenv, github-env, json, not `bash`',
      /^Did you mean sh\?$/,
    ],
    [
      'env ci --format dotnv',
      '--format takes sh, fish, powershell, dotenv, github-env, json, not `dotnv`',
      /^Did you mean dotenv\?$/,
    ],
    [
      'apikeys list --unused 90',
      '--unused takes a duration such as 90d, 2w or 36h, not `90`',
      /^Did you mean 90d\?$/,
    ],
    ['apikeys list --sort use', '--sort takes created, name, expires, last-used, not `use`', null],
  ]
  for (const [line, message, hint] of rows) {
    const failure = await refused(...line.split(' '))
    t.match(failure, { code: 'usage', exitCode: 2, message }, line)
    const meant = failure.hints.filter(each => each.startsWith('Did you mean') || each.includes(' with -'))
    if (hint === null) t.strictSame(meant, [], line)
    else
      t.ok(
        meant.some(each => hint.test(each)),
        `${line}: ${failure.hints.join(' ')}`,
      )
  }
})

t.test('hints are words that a shell takes as they stand', async t => {
  const { hints } = await refused('validate', 'my keys.yaml')
  t.match(hints[0], /validate -c 'my keys\.yaml'$/)
  t.match((await refused('plan', '--only', '-x y')).hints[0], /Did you mean '--only=-x y'\?/)
})

const probe = defineCommand({
  name: 'probe',
  group: 'trying out',
  summary: 'Reads all kinds of flags',
  takes: '[file]',
  flags: {
    config: list('<path>', 'several', { short: 'c' }),
    dryRun: toggle('a switch'),
    noWait: toggle('a switch that says no'),
    out: text('<file>', 'a text'),
    note: textOrEmpty('<text>', 'a text that may be empty'),
    most: count('<n>', 'a number'),
    parallelism: countOr(10, '<n>', 'a number'),
  },
  examples: [],
  run: async ({ flags, argument }, context) => {
    const { verbose, noColor, ...own } = flags
    context.stdout.print(JSON.stringify({ ...own, argument }))
    return verbose || noColor ? 1 : 0
  },
})

t.test('values are what the definition says of them', async t => {
  const nothing = {
    config: [],
    dryRun: false,
    noWait: false,
    out: null,
    note: null,
    most: null,
    parallelism: 10,
    argument: null,
  }
  const rows: readonly (readonly [line: string, given: object])[] = [
    ['', {}],
    ['-c a.yaml --config b.yaml -c=c.yaml', { config: ['a.yaml', 'b.yaml', 'c.yaml'] }],
    ['--dry-run', { dryRun: true }],
    ['--dry-run=true', { dryRun: true }],
    ['--dry-run=false', {}],
    ['--dry-run --no-dry-run', {}],
    ['--no-dry-run --dry-run', { dryRun: true }],
    ['--no-wait', { noWait: true }],
    ['--no-wait=false', {}],
    ['--dry-run plan.json', { dryRun: true, argument: 'plan.json' }],
    ['--dry-run 007', { dryRun: true, argument: '007' }],
    ['1e3', { argument: '1e3' }],
    ['--out a --out b', { out: 'b' }],
    ['--out=-', { out: '-' }],
    ['--out=a=b', { out: 'a=b' }],
    ['--note= --dry-run', { note: '', dryRun: true }],
    ['--out 007 --most 5 --parallelism 3', { out: '007', most: 5, parallelism: 3 }],
    ['-- --dry-run', { argument: '--dry-run' }],
  ]
  for (const [line, given] of rows) {
    const context = testContext()
    const args = line === '' ? [] : line.split(' ')
    t.equal(await probe.begin(args).run(context), 0)
    t.strictSame(JSON.parse(context.out()), { ...nothing, ...given }, line)
  }
})

t.test('names of flags, short ones and groups of commands are unambiguous', async t => {
  for (const { name, flags, summary, aliases = [] } of commands) {
    const names = flags.flatMap(flag => [flag.name, ...(flag.short === undefined ? [] : [flag.short])])
    t.equal(new Set(names).size, names.length, name)
    t.notOk(
      names.some(each => each === 'help' || each === 'h'),
      name,
    )
    t.ok(
      `${summary}${aliases.join('') === '' ? '' : ` (also: ${aliases.join(', ')})`}`.length <= 58,
      `${name} fits a line of the overview`,
    )
    t.notMatch(summary, /\.$/)
  }
  const spellings = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases])
  t.equal(new Set(spellings).size, spellings.length)
})

t.test('a period without its unit is shown with one, on the command line and in YAML', async t => {
  const place = await workplace(t, {
    FLUXLOOP_API_KEY: 'flux_ci_none',
    FLUXLOOP_API_URL: 'http://127.0.0.1:9',
  })
  await place.write(
    'fluxloop-keys.yaml',
    'version: 1\nstack: a\nkeys:\n  ci: { name: CI, scope: all, permissions: [read_results], expires: 90 }\n',
  )
  for (const [line, meant] of [
    ['apikeys create --name CI --quiet --expires 90', '90d'],
    ['apikeys update key_1 --expires 90', '90d'],
    ['apikeys list --expiring 14', '14d'],
    ['audit --offline --window 90', '90d'],
    ['plan --out plan.json --ttl 24', '24h'],
    ['apply --lock-timeout 30', '30s'],
    ['secret copy ci --clear-after 10', '10s'],
    ['plan --at +30', String.raw`\+30d`],
    ['plan --at 30d', String.raw`\+30d`],
    ['validate', '90d'],
  ] as const) {
    const { code, stdout, stderr } = await place.run(line.split(' '))
    t.equal(code, 2, line)
    t.match(stdout + stderr, new RegExp(`Did you mean ${meant}\\?`), line)
  }
})
