import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'

/** The house, roof first: a room may import from rooms below its own, and from itself. */
const floors: readonly (readonly string[])[] = [
  ['start'],
  ['main'],
  ['cli'],
  ['commands'],
  ['context'],
  [
    'connection',
    'credential-readers',
    'terminal',
    'prompts',
    'secret-input',
    'clipboard',
    'cache',
    'run-log',
    'host',
    'crash',
  ],
  ['apply'],
  ['config', 'stores', 'sandbox'],
  ['platform'],
  ['plan', 'audit', 'render'],
  ['model'],
]

/** Rooms that know nothing but `model` and themselves. */
const secluded = ['plan', 'audit', 'render']

/** What the sandbox may share with the client. */
const sandboxShares = ['platform/wire.ts', 'model/secret.ts']

/** The only files in which a secret leaves its type, and why. */
const revealing: Readonly<Record<string, string>> = {
  'clipboard.ts': 'the copy of a key that was just made by hand, as the screen says',
  'commands/apikeys/issued-secret.ts': 'the screen, --quiet and --json of a key that was just made by hand',
  'commands/sandbox.ts': "prints the sandbox's own administrator key, which is what the command is for",
  'commands/secret/get.ts': 'prints the secret that it is asked for by name',
  'platform/http.ts': 'the Authorization header',
  'sandbox/administrator.ts': "the sandbox's own caller",
  'stores/age-file.ts': 'put',
  'stores/env-file.ts': 'put',
  'stores/keychain.ts': 'put',
  'stores/logins.ts': 'put, into the keychain, and its reverse',
}

const root = join(import.meta.dirname, '..', 'src')

interface Source {
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

function sources(): readonly Source[] {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    path => path.endsWith('.ts') && !path.includes('generated'),
  )
  return paths.map(path => {
    const text = readFileSync(join(root, path), 'utf8')
    const specifiers = [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(match => match[1] ?? '')
    const inside = specifiers.map(specifier => relative(root, join(root, dirname(path), specifier)))
    return { path, text, imports: inside.filter(target => !target.startsWith('..')) }
  })
}

const house = sources()

function room(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '')
}

function floor(path: string): number {
  return floors.findIndex(rooms => rooms.includes(room(path)))
}

const pairs = house.flatMap(({ path, imports }) => imports.map(target => ({ path, target })))

t.test('every file stands in a room of the house', async t => {
  t.ok(house.length > 50)
  t.strictSame(
    house.filter(({ path }) => floor(path) === -1).map(({ path }) => path),
    [],
  )
})

t.test('imports point downward', async t => {
  const upward = pairs.filter(
    ({ path, target }) => room(path) !== room(target) && floor(path) >= floor(target),
  )
  t.strictSame(upward, [])
})

t.test('plan, audit and render know the model alone', async t => {
  const strays = pairs.filter(
    ({ path, target }) => secluded.includes(room(path)) && ![room(path), 'model'].includes(room(target)),
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
  const graph = new Map(house.map(({ path, imports }) => [path, imports]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (trail.includes(path) || done.has(path)) return
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  t.strictSame(circles, [])
})

function filesWith(pattern: RegExp, except: readonly string[] = []): readonly string[] {
  return house
    .filter(({ path, text }) => pattern.test(text) && !except.includes(path))
    .map(({ path }) => path)
}

t.test('the pure rooms have no clock, no dice, no network and no console', async t => {
  const impure =
    /from '(node:)?(fs|net|http|https|child_process|os|crypto|process|timers)|\bDate\.now\(|new Date\(\)|Math\.random|\bconsole\.|\bprocess\.|\bfetch\(/
  const pure = ['plan', 'audit', 'render', 'model']
  t.strictSame(
    filesWith(impure).filter(path => pure.includes(room(path))),
    [],
  )
})

t.test('only main exits, and nothing uses the console', async t => {
  // The keychain's helper is the main file of its own process.
  t.strictSame(filesWith(/process\.exit\(/, ['main.ts', 'stores/keychain-helper.ts']), [])
  t.strictSame(filesWith(/\bconsole\./), [])
})

t.test('a secret leaves its type only where it has to', async t => {
  t.strictSame(filesWith(/\.reveal\(\)/).toSorted(), Object.keys(revealing).toSorted())
})

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
