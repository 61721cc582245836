// Which files of tests share a process. One of its own takes 0.4 s of a core before its first test, and loads the program anew.
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'

const root = new URL('../', import.meta.url)

/** npm packs and installs once for all of these. */
const packaged = [
  'test/scenarios/package.test.ts',
  'fleet/test/fleet-package.test.ts',
  'fleet/test/deploy/image.test.ts',
]

/** Paths from the root, sorted. */
function testsIn(folder: string, options: { readonly recursive: boolean }): readonly string[] {
  return readdirSync(new URL(folder, root), { ...options, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts'))
    .map(name => folder + name)
    .filter(file => !packaged.includes(file))
    .sort()
}

/** The tests of these folders of test/. */
function rooms(...names: readonly string[]): readonly string[] {
  return names.flatMap(name => testsIn(`test/${name}/`, { recursive: false }))
}

/** Every so manyth of the files: of four parts the second has the second file, the sixth and so on. */
function inParts(
  name: string,
  count: number,
  files: readonly string[],
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, part) => [
      `${name}-${part + 1}`,
      files.filter((_, index) => index % count === part),
    ]),
  )
}

/** Where the package of fleets has tests with replicas, and tests of its database. Each process has a PostgreSQL of its own. */
const fleetReplicas = ['scenarios']
const fleetDatabase = ['.', 'database', 'lease', 'ledger', 'budget', 'listing']

function fleetTests(isOne: (folder: string) => boolean): readonly string[] {
  return testsIn('fleet/test/', { recursive: true }).filter(file =>
    isOne(dirname(file.slice('fleet/test/'.length))),
  )
}

/** By the name of the process. They begin in the order of their names: first those that take longest, or wait most. */
export const processes: Readonly<Record<string, readonly string[]>> = {
  '1-fleet-replicas': fleetTests(folder => fleetReplicas.includes(folder)),
  '2-fleet-database': fleetTests(folder => fleetDatabase.includes(folder)),
  '3-packages': packaged,
  '4-stores': rooms('runtime', 'stores'),
  apply: rooms('apply'),
  campaigns: rooms('campaigns', 'histories'),
  ...inParts('commands', 2, rooms('commands')),
  config: rooms('config', 'pull-request'),
  docs: rooms('docs'),
  ...inParts('faults', 2, rooms('faults')),
  fleet: fleetTests(folder => ![...fleetReplicas, ...fleetDatabase].includes(folder)),
  fuzz: rooms('fuzz'),
  ...inParts('hostile', 3, rooms('hostile')),
  page: rooms('page'),
  platform: rooms('platform', 'sandbox'),
  pure: rooms('audit', 'lifecycle', 'model', 'plan', 'render'),
  root: testsIn('test/', { recursive: false }),
  ...inParts('scenarios', 6, rooms('scenarios')),
}
