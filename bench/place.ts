import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Measured, type Program, measure } from './measure.ts'
import { type ServedPlatform, servePlatform } from './serve.ts'
import { makeWorld } from './world.ts'

/** What a row measures again and again. */
export interface Subject {
  run(): Promise<Measured & { readonly requests: number }>
}

/** A platform of that many live keys, and the configuration of all but the caller's; everything is applied. */
export interface World {
  readonly configuration: string
  readonly platform: ServedPlatform
}

/** A folder of ours, and what rows share in it: all of it is made when it is first asked for. */
export interface Place {
  readonly folder: string
  world(count: number, latency?: number): Promise<World>
  /** A file that is written once. */
  file(name: string, write: (path: string) => Promise<void>): Promise<string>
  /** An empty folder. */
  empty(): Promise<string>
  subject(program: Program, platform?: ServedPlatform): Subject
  close(): Promise<void>
}

export async function openPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-bench-'))
  const known = new Map<string, Promise<unknown>>()
  const platforms: ServedPlatform[] = []
  let folders = 0
  const once = <Made>(name: string, make: () => Promise<Made>): Promise<Made> => {
    const made = (known.get(name) as Promise<Made> | undefined) ?? make()
    known.set(name, made)
    return made
  }
  return {
    folder,
    world: (count, latency = 0) =>
      once(`${count}, ${latency} ms`, async () => {
        const files = { configuration: join(folder, `${count}.yaml`), database: join(folder, `${count}.db`) }
        await once(`${count}`, () => makeWorld(count - 1, files))
        const platform = await servePlatform(files.database, latency)
        platforms.push(platform)
        return { configuration: files.configuration, platform }
      }),
    file: (name, write) =>
      once(name, async () => {
        const path = join(folder, name)
        await write(path)
        return path
      }),
    empty: async () => {
      const path = join(folder, `empty-${(folders += 1)}`)
      await mkdir(path)
      return path
    },
    subject: (program, platform) => ({
      run: async () => {
        await platform?.requests()
        const measured = await measure(program, folder)
        return { ...measured, requests: (await platform?.requests()) ?? 0 }
      },
    }),
    close: async () => {
      for (const platform of platforms) await platform.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
