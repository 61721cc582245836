// tap begins a process for each file of tests, which takes 0.8 s of a core before its first test. Files that need no process of
// their own share one: those of a room, of several, or a part of those of a large one.
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'

const root = new URL('../../', import.meta.url)

/** These share one process: npm packs and installs once for all of them. */
const packaged = [
  'test/scenarios/package.test.ts',
  'fleet/test/fleet-package.test.ts',
  'fleet/test/deploy/image.test.ts',
]

/** Every so manyth of these files, in the order of their names: the second part of four has the second file, the sixth and so on. */
async function play(files: readonly string[], part: number, parts: number): Promise<void> {
  const own = files.filter(file => !packaged.includes(file)).sort()
  for (const [index, file] of own.entries()) {
    if (index % parts === part - 1) await import(new URL(file, root).href)
  }
}

function testsIn(folder: string, options: { readonly recursive: boolean }): readonly string[] {
  const names = readdirSync(new URL(folder, root), { ...options, encoding: 'utf8' })
  return names.filter(name => name.endsWith('.test.ts')).map(name => folder + name)
}

/** Loads all tests of these folders of test/. */
export async function playTogether(...rooms: readonly string[]): Promise<void> {
  for (const room of rooms) await playPart(room, 1, 1)
}

export async function playPart(room: string, part: number, parts: number): Promise<void> {
  await play(testsIn(`test/${room}/`, { recursive: false }), part, parts)
}

/** The tests of the package of fleets: those with replicas, those about the database, and all others. */
type FleetGroup = 'replicas' | 'database' | 'rest'

/** Each process of these has a PostgreSQL of its own. */
const fleetRooms: Readonly<Record<Exclude<FleetGroup, 'rest'>, readonly string[]>> = {
  replicas: ['scenarios'],
  database: ['.', 'database', 'lease', 'ledger', 'budget', 'listing'],
}

const groupOf = (file: string): FleetGroup => {
  const room = dirname(file.slice('fleet/test/'.length))
  if (fleetRooms.replicas.includes(room)) return 'replicas'
  return fleetRooms.database.includes(room) ? 'database' : 'rest'
}

export async function playFleet(group: FleetGroup, part: number, parts: number): Promise<void> {
  const files = testsIn('fleet/test/', { recursive: true })
  await play(
    files.filter(file => groupOf(file) === group),
    part,
    parts,
  )
}

export async function playPackages(): Promise<void> {
  for (const file of packaged) await import(new URL(file, root).href)
}
