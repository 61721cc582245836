// tap begins a process for each file of tests, which takes 0.8 s of a core before its first test. Files that need no process of
// their own share one: those of a room, of several, or a part of those of a large one.
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'

const folder = new URL('../', import.meta.url)

/** Loads all tests of these folders of test/, in the order of their names. */
export async function playTogether(...rooms: readonly string[]): Promise<void> {
  for (const room of rooms) await playPart(room, 1, 1)
}

/** Loads every so manyth file of a folder: the second part of four has the second file, the sixth and so on. */
export async function playPart(room: string, part: number, parts: number): Promise<void> {
  const files = readdirSync(new URL(room, folder)).filter(name => name.endsWith('.test.ts'))
  for (const [index, file] of files.sort().entries()) {
    if (index % parts === part - 1) await import(new URL(`${room}/${file}`, folder).href)
  }
}

const fleet = new URL('../../fleet/test/', import.meta.url)

/** Folders of the package of fleets whose tests share one PostgreSQL, and so one process; those at its top, too. */
const fleetDatabaseRooms = ['', 'database', 'lease', 'ledger', 'budget', 'listing']

/** Loads every so manyth other file of tests of the package of fleets. */
export async function playFleet(part: number, parts: number): Promise<void> {
  const names = readdirSync(fleet, { recursive: true, encoding: 'utf8' })
  const files = names.filter(
    name => name.endsWith('.test.ts') && !fleetDatabaseRooms.includes(dirname(name).replace('.', '')),
  )
  for (const [index, file] of files.sort().entries()) {
    if (index % parts === part - 1) await import(new URL(file, fleet).href)
  }
}

export async function playFleetDatabase(): Promise<void> {
  await playTogether(...fleetDatabaseRooms.map(room => `../fleet/test/${room}`))
}
