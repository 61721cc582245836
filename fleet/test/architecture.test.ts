// The house of the package of fleets. It may use the rooms of the tool; test/architecture.test.ts keeps the tool from using this one.
import { basename, join } from 'node:path'
import t from 'tap'
import manifest from '../package.json' with { type: 'json' }
import { circlesOf, sourcesOf } from '../../test/support/sources.ts'

/** Roof first: a room may import from rooms below its own, and from itself. */
const floors: readonly (readonly string[])[] = [
  ['main'],
  ['commands'],
  ['engine'],
  ['serve', 'notify', 'status', 'open-fleet-database'],
  ['ledger', 'lease', 'budget', 'listing'],
  ['database'],
  ['checkout', 'schedule'],
  ['file'],
  ['log'],
]

/** Rooms of the tool that are about its own command line. */
const closed = ['start', 'first', 'main', 'cli', 'cli.ts', 'pull-request', 'page-client', 'sandbox']

/** The only files in which a secret leaves its type, and why. */
const revealing: Readonly<Record<string, string>> = {
  'budget/credential.ts': 'its digest, by which a credential is known in the database',
  'database/connect.ts': 'the password, for the driver of the database',
  'database/url.ts': 'the URL of the database, which it takes apart',
  'notify/post.ts': 'the address of a webhook, which may hold a token',
  'notify/notice-signature.ts': 'the key by which a notice is signed',
}

const root = join(import.meta.dirname, '..', 'src')
const house = sourcesOf(root)
const tool = '../../src/'

function room(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '')
}

function floor(path: string): number {
  return floors.findIndex(rooms => rooms.includes(room(path)))
}

const pairs = house.flatMap(({ path, imports }) => imports.map(target => ({ path, target })))

function filesWith(pattern: RegExp): readonly string[] {
  return house.filter(({ text }) => pattern.test(text)).map(({ path }) => path)
}

t.test('every file stands in a room', async t => {
  t.ok(house.length > 0)
  t.strictSame(
    house.filter(({ path }) => floor(path) === -1).map(({ path }) => path),
    [],
  )
})

t.test('imports point downward, and no imports go round in circles', async t => {
  const upward = pairs.filter(
    ({ path, target }) =>
      !target.startsWith('..') && room(path) !== room(target) && floor(path) >= floor(target),
  )
  t.strictSame(upward, [])
  t.strictSame(circlesOf(house), [])
})

t.test('what is used of the tool is not its command line', async t => {
  const outside = pairs.filter(({ target }) => target.startsWith('..'))
  const strays = outside.filter(({ target }) => {
    if (target === '../package.json' || target === '../../package.json') return false
    if (target.startsWith('../schemas/')) return false
    return !target.startsWith(tool) || closed.includes(room(target.slice(tool.length)))
  })
  t.strictSame(strays, [])
})

t.test('every package that is imported is a dependency of the package itself', async t => {
  const packages = new Set(house.flatMap(source => source.packages).filter(name => !name.startsWith('node:')))
  const names = [...packages].map(name => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
  // What has no binary and is bundled, as for the tool.
  const bundled = ['yaml', 'ajv', 'js-yaml', 'p-limit', 'tinyglobby']
  t.strictSame(
    names.filter(name => !Object.hasOwn(manifest.dependencies, name) && !bundled.includes(name)),
    [],
  )
})

t.test('every import says in plain text what it imports, and nothing is exported on', async t => {
  t.strictSame(filesWith(/\bimport\(\s*(?!['"])/), [])
  t.strictSame(filesWith(/\brequire\(|createRequire/), [])
  t.strictSame(filesWith(/\beval\(|new Function\(/), [])
  // The door of the package exports what the tool calls.
  t.strictSame(
    filesWith(/^export\s+(type\s+)?(\*|\{[^}]*\})[^\n]*\bfrom\b/m).filter(path => path !== 'main.ts'),
    [],
  )
})

t.test('nothing exits, and nothing uses the console', async t => {
  t.strictSame(filesWith(/\bprocess\b[^\n]*\b(exit|abort|reallyExit)\b(?!Code|',)/), [])
  t.strictSame(filesWith(/\bconsole\b[.[]/), [])
})

t.test('a secret leaves its type only where it has to', async t => {
  const named = filesWith(/[.]reveal\b|\[['"]reveal|\{[^}\n]*\breveal\b[^}:\n]*\} = /)
  t.strictSame(named.toSorted(), Object.keys(revealing).toSorted())
})

t.test('the database has one door', async t => {
  const drivers = house.filter(({ packages }) => packages.some(name => ['pg', 'pg-boss'].includes(name)))
  t.strictSame(
    drivers.map(({ path }) => path).filter(path => !['database', 'engine'].includes(room(path))),
    [],
  )
})

t.test('no file is longer than 300 lines, and none is a barrel', async t => {
  t.strictSame(
    house.filter(({ text }) => text.split('\n').length > 301).map(({ path }) => path),
    [],
  )
  t.strictSame(
    house.filter(({ path }) => basename(path) === 'index.ts').map(({ path }) => path),
    [],
  )
})
