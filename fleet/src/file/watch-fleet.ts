import { stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { fileDiagnostic } from '../../../src/config/source.ts'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import { fleetDigest } from './fleet-digest.ts'
import type { Fleet } from './fleet.ts'
import { type FleetReading, readFleet } from './read-fleet.ts'

/** What is wrong with a fleet file. */
export type FleetProblem = Omit<Extract<FleetReading, { ok: false }>, 'ok'>

export interface WatchedFleet {
  /** The last one that was right. */
  readonly current: () => Fleet
  /** What is wrong with the file as it is now; null where it is what `current` says. */
  readonly problem: () => FleetProblem | null
  /** Looks at once. Never rejects. */
  readonly look: () => Promise<void>
  readonly close: () => void
}

export interface FleetEvents {
  /** The file means something else than before. */
  readonly onChange: (fleet: Fleet, before: Fleet) => void
  /** The file is wrong, in another way than before; the fleet stays as it was. Null: it is right again. */
  readonly onProblem: (problem: FleetProblem | null) => void
}

/** How often the file is looked at where nothing else is said. */
const usualPause: Milliseconds = 5 * second

/** Changes with every change of the file; null where it cannot be told. */
async function stateOf(file: string): Promise<string | null> {
  const stats = await stat(file, { bigint: true }).catch(() => null)
  return stats === null ? null : [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ')
}

/**
 * Keeps a fleet up to date: the file, and the folders that it discovers stacks in, are looked at every few seconds. Watching them by the
 * system would miss what changes behind a link or on a network file system, as mounted configurations of a cluster do.
 */
export function watchFleet(
  fleet: Fleet,
  events: FleetEvents,
  options: { readonly cwd: string; readonly every?: Milliseconds },
): WatchedFleet {
  const { cwd, every = usualPause } = options
  let current = fleet
  let digest = fleetDigest(fleet)
  let problem: FleetProblem | null = null
  let timer: NodeJS.Timeout | null = null
  let closed = false
  let looking: Promise<void> = Promise.resolve()
  /** Of the file as it was read last, where nothing but the file counts. */
  let state: string | null = null

  async function read(): Promise<void> {
    const now = await stateOf(fleet.file)
    if (now !== null && now === state) return
    const reading = await readFleet(fleet.file, { cwd }).catch(asReading)
    if (closed) return
    state = reading.ok && !reading.discovers ? now : null
    if (!reading.ok) {
      const { diagnostics, omitted } = reading
      const isKnown = isDeepStrictEqual(problem, { diagnostics, omitted })
      problem = { diagnostics, omitted }
      if (!isKnown) events.onProblem(problem)
      return
    }
    const before = current
    const next = fleetDigest(reading.fleet)
    if (problem !== null) {
      problem = null
      events.onProblem(null)
    }
    if (next === digest) return
    current = reading.fleet
    digest = next
    events.onChange(current, before)
  }

  /** One look at a time, so that an older one never overtakes a newer one. */
  function look(): Promise<void> {
    looking = looking.then(read)
    return looking
  }

  /** A fault of ours, which a strange file found, is the file's problem: the fleet goes on. */
  function asReading(error: unknown): FleetReading {
    const why = error instanceof Error ? error.message : String(error)
    const hint = 'This is a fault of fluxloop-keys. Please report it with what is special about the file.'
    const message = `Internal error: ${why}`
    return {
      ok: false,
      diagnostics: [fileDiagnostic(fleet.file, 'unreadable-file', message, hint)],
      omitted: 0,
    }
  }

  function wait(): void {
    if (closed) return
    timer = setTimeout(() => void look().finally(wait), every)
    // Whoever has nothing else to do may end.
    timer.unref()
  }

  wait()
  return {
    current: () => current,
    problem: () => problem,
    look,
    close: () => {
      closed = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
