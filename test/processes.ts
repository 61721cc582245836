// Which files of tests share a process. One of its own takes 0.4 s of a core before its first test, and loads the program anew.
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'

const root = new URL('../', import.meta.url)

/** What is released: packed, installed by npm into an empty folder, built into an image. `npm run test:release` runs these. */
export const ofReleases = [
  'fleet/test/deploy/image.test.ts',
  'fleet/test/fleet-package.test.ts',
  'test/docs/reproducible.test.ts',
  'test/scenarios/package.test.ts',
]

/** Paths from the root, sorted. */
function testsIn(folder: string, options: { readonly recursive: boolean }): readonly string[] {
  return readdirSync(new URL(folder, root), { ...options, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts'))
    .map(name => folder + name)
    .filter(file => !ofReleases.includes(file))
    .sort()
}

/** The tests of these folders of test/. */
function rooms(...names: readonly string[]): readonly string[] {
  return names.flatMap(name => testsIn(`test/${name}/`, { recursive: false }))
}

type Process = readonly [name: string, files: readonly string[]]

/** Every so manyth of the files: of four parts the second has the second file, the sixth and so on. */
function inParts(name: string, count: number, files: readonly string[]): readonly Process[] {
  return Array.from({ length: count }, (_, part) => [
    `${name}-${part + 1}`,
    files.filter((_, index) => index % count === part),
  ])
}

/** Where the package of fleets has tests with replicas, and tests of its database. Each process has a PostgreSQL of its own. */
const fleetReplicas = ['scenarios']
const fleetDatabase = ['.', 'database', 'lease', 'ledger', 'budget', 'listing']

function fleetTests(isOne: (folder: string) => boolean): readonly string[] {
  return testsIn('fleet/test/', { recursive: true }).filter(file =>
    isOne(dirname(file.slice('fleet/test/'.length))),
  )
}

/** In the order in which they begin: early those that take long, which mostly wait, each among some that compute; late those that are short. */
const inOrder: readonly Process[] = [
  ['fleet', fleetTests(folder => ![...fleetReplicas, ...fleetDatabase].includes(folder))],
  ['fleet-database', fleetTests(folder => fleetDatabase.includes(folder))],
  ['pure', rooms('audit', 'lifecycle', 'model', 'plan', 'render')],
  ['apply', rooms('apply')],
  ['platform', rooms('platform', 'sandbox')],
  ['fleet-replicas', fleetTests(folder => fleetReplicas.includes(folder))],
  ['fuzz', rooms('fuzz')],
  ['campaigns', rooms('campaigns', 'histories')],
  ...inParts('hostile', 3, rooms('hostile')),
  ...inParts('commands', 2, rooms('commands')),
  ['stores', rooms('runtime', 'stores')],
  ...inParts('scenarios', 6, rooms('scenarios')),
  ...inParts('faults', 2, rooms('faults')),
  ['docs', rooms('docs')],
  ['page', rooms('page')],
  ['config', rooms('config', 'pull-request')],
  ['root', testsIn('test/', { recursive: false })],
]

/** By the name of the process, which begins with its place in that order: tap sorts them. */
export const processes: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  inOrder.map(([name, files], place) => [`${String(place + 1).padStart(2, '0')}-${name}`, files]),
)
