import { closeSync, openSync, readSync } from 'node:fs'
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

const buffer = Buffer.alloc(1 << 18)

/** At once and without asking for its size first: it is read hundreds of times a second, and files of /proc have none. */
function read(path: string): string {
  const file = openSync(path, 'r')
  try {
    let length = 0
    for (let more = -1; more !== 0 && length < buffer.length; length += more)
      more = readSync(file, buffer, length, buffer.length - length, null)
    return buffer.toString('latin1', 0, length)
  } finally {
    closeSync(file)
  }
}

/** Of its main thread, which starts all programs: ours has no other that runs code of its own. */
function childrenOf(pid: number): readonly number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(/\s+/).filter(Boolean).map(Number)
}

function look(pid: number, sightings: Map<string, Sighting>): void {
  try {
    const cmdline = read(`/proc/${pid}/cmdline`)
    const environ = read(`/proc/${pid}/environ`)
    // Between fork and exec it still shows what its parent is; another time it will not.
    if (read(`/proc/${pid}/cmdline`) === cmdline)
      sightings.set(`${pid} ${cmdline}`, { pid, cmdline, environ })
    for (const child of childrenOf(pid)) look(child, sightings)
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
      look(pid, sightings)
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
