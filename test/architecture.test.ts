import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { commands } from '../src/cli/commands.ts'
import { circlesOf, sourcesOf } from './support/sources.ts'

/** The house, roof first: a room may import from rooms below its own, and from itself. */
const floors: readonly (readonly string[])[] = [
  ['start'],
  ['first'],
  ['program'],
  ['main'],
  ['cli'],
  ['pull-request'],
  ['commands'],
  ['context'],
  ['runtime'],
  ['apply'],
  ['config', 'stores', 'sandbox', 'page-client'],
  ['platform'],
  ['plan', 'audit', 'render'],
  ['lifecycle'],
  ['files'],
  ['model'],
]

/** The rooms of `render`, by subject; each may import from itself and from those before it. */
const wings = ['text', 'audit', 'keys', 'plan', 'report', 'page']

/** Rooms that know nothing but `model`, `lifecycle` and themselves. */
const secluded = ['plan', 'audit', 'render', 'lifecycle']

/** What the sandbox may share with the client. */
const sandboxShares = ['platform/wire.ts', 'model/secret.ts', 'model/failure.ts']

/** The only files in which a secret leaves its type, and why. */
const revealing: Readonly<Record<string, string>> = {
  'runtime/clipboard/copy-secret.ts':
    'the copy that was asked for by name, or that the screen of a new key names',
  'runtime/clipboard/clear-later.ts': 'its digest, by which the clipboard is known again',
  'commands/apikeys/issued-secret.ts': 'the screen, --quiet and --json of a key that was just made by hand',
  'commands/sandbox-command.ts':
    "prints the sandbox's own administrator key, which is what the command is for",
  'commands/env-command.ts': 'prints the variables that it is asked for by name',
  'commands/exec-command.ts': 'the environment of the program that it is asked to run',
  'commands/secret/secret-get-command.ts': 'prints the secret that it is asked for by name',
  'runtime/masking.ts': 'the command by which a CI runner learns what to hide, into its own pipe alone',
  'pull-request/github/github-calls.ts': "the Authorization header of GitHub's API, with the job's token",
  'pull-request/gitlab/gitlab-calls.ts': "the header of GitLab's API, with the project's token",
  'platform/device-login.ts': 'the codes of a login, in the body of its own calls',
  'platform/http.ts': 'the Authorization header',
  'platform/signature.ts': 'the private key that signs markers, as a key of node:crypto',
  'platform/official-files.ts': 'a renewed login, for the file that it came from',
  'platform/undici-way.ts': 'the Proxy-Authorization header',
  'sandbox/administrator.ts': "the sandbox's own caller",
  'stores/age-file.ts': 'put',
  'stores/env-file.ts': 'put',
  'stores/exec-store.ts': 'put, to the standard input of a program',
  'stores/preset-store.ts': 'put, to the standard input of a program',
  'stores/keychain.ts': 'put',
  'stores/logins.ts': 'put, into the keychain, and its reverse',
}

/** The only files that write past the guard of `Output`, and why. */
const unguarded: Readonly<Record<string, string>> = {
  'commands/apikeys/issued-secret.ts': '--quiet: a new secret, exactly',
  'commands/env-command.ts': 'secrets by name, exactly',
  'commands/secret/secret-get-command.ts': 'a secret by name, exactly',
  'main.ts': 'failures, which it guards itself, and what a signal is answered with',
  'platform/network-transport.ts': 'nothing: it pipes answers into what decompresses them',
  'pull-request/host-main.ts': 'failures, guarded',
  'pull-request/github/action.ts': 'the page of a step that opened nothing, guarded',
  'pull-request/gitlab/gitlab.ts': 'the page of a job, guarded',
  'runtime/print-answer.ts': 'help and version, which are fixed texts of our own',
  'runtime/prompts.ts': 'what the library of prompts draws, with the marks of commands broken up',
  'runtime/secret-input.ts': 'a question of our own',
  'stores/keychain-helper.ts': 'its answers to our process, which nobody else reads',
  'start.ts': 'that Node is too old',
  'runtime/terminal.ts': 'the guard itself',
}

const root = join(import.meta.dirname, '..', 'src')

const house = sourcesOf(root)

function room(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '')
}

/** The names that more than one of these paths ends in. */
function namedTwice(paths: readonly string[]): readonly string[] {
  const names = paths.map(path => basename(path))
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].sort()
}

function floor(path: string): number {
  return floors.findIndex(rooms => rooms.includes(room(path)))
}

/** Imports within the house; package.json is outside. */
const pairs = house.flatMap(({ path, imports }) =>
  imports.filter(target => !target.startsWith('..')).map(target => ({ path, target })),
)

t.test('every file stands in a room of the house', async t => {
  t.ok(house.length > 50)
  t.strictSame(
    house.filter(({ path }) => floor(path) === -1).map(({ path }) => path),
    [],
  )
})

t.test(
  'no two files have one name, here or in the package of fleets, except what is loaded first',
  async t => {
    const fleet = sourcesOf(join(root, '..', 'fleet', 'src'))
    t.strictSame(namedTwice([...house, ...fleet].map(({ path }) => path)), ['main.ts'])
  },
)

t.test('no two files of tests have one name, except the one of the architecture', async t => {
  const tests = ['test', 'fleet/test'].flatMap(folder => sourcesOf(join(root, '..', folder)))
  t.strictSame(namedTwice(tests.map(({ path }) => path)), ['architecture.test.ts'])
})

t.test('the file of a command is named by its words, and ends in -command', async t => {
  const files = house.filter(({ path }) => path.endsWith('-command.ts')).map(({ path }) => basename(path))
  // Help and version are in the table of commands; the package of fleets holds its own; rotate is an apply.
  const elsewhere = ['help', 'version', 'rotate', 'fleet run', 'fleet status', 'fleet migrate']
  const own = commands.map(({ name }) => name).filter(name => !elsewhere.includes(name))
  t.strictSame(files.toSorted(), own.map(name => `${name.replaceAll(' ', '-')}-command.ts`).toSorted())
})

t.test('imports point downward', async t => {
  const upward = pairs.filter(
    ({ path, target }) => room(path) !== room(target) && floor(path) >= floor(target),
  )
  t.strictSame(upward, [])
})

t.test('nothing here imports from the package of fleets, which one file loads by its name', async t => {
  const outside = house.flatMap(({ path, imports }) =>
    imports.filter(target => target.startsWith('..')).map(target => `${path}: ${target}`),
  )
  t.strictSame(
    outside.filter(line => !/: \.\.\/(package\.json|schemas\/[\w.-]+)$/.test(line)),
    [],
  )
  const loading = house.filter(({ packages }) => packages.includes('fluxloop-keys-fleet'))
  t.strictSame(
    loading.map(({ path }) => path),
    ['commands/fleet/load-fleet.ts'],
  )
})

t.test('the rooms of render hold all of it, and import downward too', async t => {
  const wing = (path: string) => wings.indexOf(path.split('/')[1] ?? '')
  const rendering = pairs.filter(({ path, target }) => room(path) === 'render' && room(target) === 'render')
  t.ok(rendering.length > 50)
  t.strictSame(
    rendering.filter(({ path, target }) => wing(path) === -1 || wing(path) < wing(target)),
    [],
  )
})

t.test('plan, audit, render and lifecycle know the model alone, and the lifecycle', async t => {
  const strays = pairs.filter(
    ({ path, target }) =>
      secluded.includes(room(path)) && ![room(path), 'model', 'lifecycle'].includes(room(target)),
  )
  t.strictSame(strays, [])
})

t.test('the sandbox shares nothing with the client but the wire types', async t => {
  const shared = pairs.filter(({ path, target }) => room(path) === 'sandbox' && room(target) !== 'sandbox')
  t.strictSame(
    shared.filter(({ target }) => !sandboxShares.includes(target)),
    [],
  )
})

t.test('no imports go round in circles', async t => {
  t.strictSame(circlesOf(house), [])
})

function filesWith(pattern: RegExp, except: readonly string[] = []): readonly string[] {
  return house
    .filter(({ path, text }) => pattern.test(text) && !except.includes(path))
    .map(({ path }) => path)
}

t.test('every import says in plain text what it imports, and nothing is exported on', async t => {
  // An import() that preProcessFile cannot read would be in no test above.
  t.strictSame(filesWith(/\bimport\(\s*(?!['"])/), [])
  // The bin is a script, and a database that is missing has to be reported: a module that imports it would not even begin.
  const requiring = ['start.ts', 'sandbox/database.ts']
  t.strictSame(filesWith(/\brequire\(|createRequire/, requiring), [])
  t.strictSame(filesWith(/\beval\(|new Function\(/), [])
  t.strictSame(filesWith(/^export\s+(type\s+)?(\*|\{[^}]*\})[^\n]*\bfrom\b/m), [])
})

t.test('the pure rooms have no clock, no dice, no network and no console', async t => {
  const impure =
    /\bDate\.now\b|\bnew Date\b(?!\()|\bnew Date\(\)|\bDate\(\)|(?<!new )\bDate\(|\bperformance\b|\bcrypto\b\.|Math\.random|\bconsole\b\.|\bprocess[.[]|\bglobalThis\b|\bfetch\(|\bset(Timeout|Interval|Immediate)\b|\bnew Worker\b/
  const pure = ['plan', 'audit', 'render', 'lifecycle', 'model']
  t.strictSame(
    filesWith(impure).filter(path => pure.includes(room(path))),
    [],
  )
  const parts = house
    .filter(({ path }) => pure.includes(room(path)))
    .flatMap(({ path, packages }) => packages.map(name => `${path}: ${name}`))
  t.strictSame(
    parts.filter(
      part =>
        !/: (node:(util|zlib)|diff|kleur(\/colors)?|fastest-levenshtein|d3-(array|scale|shape))$/.test(part),
    ),
    [],
  )
})

t.test('only main exits, and nothing uses the console', async t => {
  // The keychain's helper is the main file of its own process.
  // To listen for the event of that name is not an exit.
  const exits = /\bprocess\b[^\n]*\b(exit|abort|reallyExit)\b(?!Code|',)/
  t.strictSame(filesWith(exits, ['main.ts', 'stores/keychain-helper.ts']), [])
  // By another name it would not be seen.
  const renamed = house.filter(({ packages }) =>
    packages.some(name => /^(node:)?(process|console)$/.test(name)),
  )
  t.strictSame(
    renamed.map(({ path }) => path),
    [],
  )
  t.strictSame(filesWith(/\bconsole\b[.[]/), [])
})

t.test('a secret leaves its type only where it has to', async t => {
  // By name, in whatever way: called, passed on, taken apart or looked up.
  const named = filesWith(/[.]reveal\b|\[['\"]reveal|\{[^}\n]*\breveal\b[^}:\n]*\} = /, ['model/secret.ts'])
  t.strictSame(named.toSorted(), Object.keys(revealing).toSorted())
})

t.test('only the transitions make a marker, and only its text is read into one', async t => {
  const makes = /\bstate: \{|\{\s*\.\.\.(\w+\.)?marker\b|: Marker = \{/
  t.strictSame(filesWith(makes).toSorted(), ['lifecycle/transitions.ts', 'platform/marker-text.ts'])
})

t.test(
  'what is printed passes the guard, and only masking and marks give commands to a CI runner',
  async t => {
    const past =
      /\b(?:std(?:out|err)|output|stream|target)\b[?!]?\.(?:write|end|exact|cork)\b|'exactly'|\bpipe\(|\bwriteSync\(1\b/
    t.strictSame(filesWith(past).toSorted(), Object.keys(unguarded).toSorted())
    t.strictSame(
      filesWith(/\.command\(/).toSorted(),
      [
        'cli/command.ts',
        'pull-request/github/step-files.ts',
        'runtime/masking.ts',
        'runtime/terminal.ts',
      ].toSorted(),
    )
    t.strictSame(
      filesWith(/\.print\(\s*JSON\b/),
      ['commands/sandbox-command.ts'],
      'JSON is printed as jsonText',
    )
  },
)

t.test('native packages have one door each', async t => {
  t.strictSame(filesWith(/from 'libsql'|import\('libsql'\)/), ['sandbox/database.ts'])
  t.strictSame(filesWith(/'@napi-rs\/keyring'/), ['stores/keychain-helper.ts'])
})

t.test('no file is longer than 300 lines', async t => {
  t.strictSame(
    house.filter(({ text }) => text.split('\n').length > 301).map(({ path }) => path),
    [],
  )
})

t.test('docs/architecture.md names files and rooms that there are', async t => {
  const page = readFileSync(join(root, '..', 'docs', 'architecture.md'), 'utf8')
  const files = [...page.matchAll(/`(src\/[\w./-]+\.ts)`/g)].map(([, path = '']) => path.slice('src/'.length))
  t.ok(files.length > 20)
  t.ok(page.split('\n').length < 100, 'the page is read in a few minutes')
  t.strictSame(
    files.filter(path => !house.some(source => source.path === path)),
    [],
  )
  const [, table = ''] = /## The rooms\n([\s\S]*?)\n## /.exec(page) ?? []
  const rooms = table
    .split('\n')
    .flatMap(row => [...(row.split('|')[1] ?? '').matchAll(/`([\w-]+)`/g)].map(([, name]) => name))
  const standing = floors.flat().filter(name => !['start', 'first', 'program'].includes(name))
  t.strictSame([...rooms].sort(), [...standing].sort())
})
