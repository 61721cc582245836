import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { makeWorld } from './world.ts'

export interface ServedWorld {
  readonly configuration: string
  /** Of a program that talks to it. */
  readonly env: Readonly<Record<string, string>>
  /** How many requests came since this was asked before. */
  requests(): Promise<number>
  close(): Promise<void>
}

/**
 * A platform of `count` live keys, in a process of its own, and the configuration of them all but one, which is the
 * caller's. All is applied. `folder` is empty and ours.
 */
export async function serveWorld(count: number, folder: string): Promise<ServedWorld> {
  const configuration = join(folder, `${count}.yaml`)
  const database = join(folder, `${count}.db`)
  await makeWorld(count - 1, { configuration, database })
  const platform = fork(join(import.meta.dirname, 'platform.ts'), [database])
  const [where] = (await once(platform, 'message')) as [{ readonly url: string; readonly apiKey: string }]
  return {
    configuration,
    env: { FLUXLOOP_API_URL: where.url, FLUXLOOP_API_KEY: where.apiKey },
    requests: async () => {
      platform.send('requests')
      const [{ requests }] = (await once(platform, 'message')) as [{ readonly requests: number }]
      return requests
    },
    close: async () => {
      const ended = once(platform, 'exit')
      platform.disconnect()
      await ended
    },
  }
}
