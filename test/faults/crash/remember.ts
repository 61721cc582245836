import { copyFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Workplace } from '../../support/program.ts'
import type { ServedPlatform } from '../../support/served-platform.ts'
import type { Memory } from './answers.ts'

/** All that a run leaves behind. */
export interface Traces {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly memory: Memory
  /** The one that the platform uses now. */
  readonly database: { file: string }
}

const folders = ['home', 'work', 'tmp']

/** A database in use, whose last transactions stand in a file next to it. */
async function copyDatabase(from: string, to: string): Promise<void> {
  await copyFile(from, to)
  await copyFile(`${from}-wal`, `${to}-wal`)
}

/** Remembers files, keys and time. Resolves to what puts them back. Nothing may be running. */
export async function remember({ place, platform, memory, database }: Traces): Promise<() => Promise<void>> {
  const copy = await mkdtemp(join(place.root, 'remembered-'))
  for (const name of folders) await cp(join(place.root, name), join(copy, name), { recursive: true })
  const kept = join(copy, 'platform.db')
  await copyDatabase(database.file, kept)
  const [now, seen] = [platform.now, [...memory.seen]]
  return async () => {
    for (const name of folders) {
      await rm(join(place.root, name), { recursive: true })
      await cp(join(copy, name), join(place.root, name), { recursive: true })
    }
    // One of its own each time: a connection that was closed tidies up its files by their names, at a time of its own.
    database.file = join(await mkdtemp(join(place.root, 'platform-')), 'platform.db')
    await copyDatabase(kept, database.file)
    platform.useDatabase(database.file)
    platform.now = now
    memory.seen.clear()
    for (const key of seen) memory.seen.add(key)
  }
}
