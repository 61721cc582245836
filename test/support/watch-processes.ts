import { readFile, readdir } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** What anyone who may look at a process sees of it. */
export interface Sighting {
  readonly pid: number
  readonly cmdline: string
  readonly environ: string
}

export interface Watch {
  /** Resolves to everything seen. */
  stop(): Promise<readonly Sighting[]>
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const lists = await Promise.all(
    threads.map(thread => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  )
  return lists.join(' ').split(/\s+/).filter(Boolean).map(Number)
}

async function look(pid: number, sightings: Map<string, Sighting>): Promise<void> {
  try {
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'latin1')
    const cmdline = await read('cmdline')
    const environ = await read('environ')
    // Between fork and exec it still shows what its parent is; another time it will not.
    if ((await read('cmdline')) === cmdline) sightings.set(`${pid} ${cmdline}`, { pid, cmdline, environ })
    await Promise.all((await childrenOf(pid)).map(child => look(child, sightings)))
  } catch {
    // It has ended.
  }
}

/** Looks at a process and all below it every few milliseconds. Linux only. */
export function watchProcesses(pid: number): Watch {
  const sightings = new Map<string, Sighting>()
  const controller = new AbortController()
  const watching = (async () => {
    while (!controller.signal.aborted) {
      await look(pid, sightings)
      await wait(10)
    }
  })()
  return {
    stop: async () => {
      controller.abort()
      await watching
      return [...sightings.values()]
    },
  }
}
