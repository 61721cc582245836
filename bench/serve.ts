import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface ServedPlatform {
  /** Of a program that talks to it. */
  readonly env: Readonly<Record<string, string>>
  /** How many requests came since this was asked before. */
  requests(): Promise<number>
  close(): Promise<void>
}

/** Serves a sandbox's database in a process of its own; each answer waits for that many milliseconds. */
export async function servePlatform(database: string, latency = 0): Promise<ServedPlatform> {
  const platform = fork(join(import.meta.dirname, 'platform.ts'), [database, String(latency)])
  const [where] = (await once(platform, 'message')) as [{ readonly url: string; readonly apiKey: string }]
  return {
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
