import { setTimeout as wait } from 'node:timers/promises'
import type { Milliseconds } from '../../../src/model/duration.ts'
import type { LogLine } from '../../../src/model/log.ts'
import type { LedgerPlace } from '../../../src/runtime/fleet-database.ts'
import type { Connection } from '../database/connect.ts'
import { codeOf, isPassing } from '../database/failures.ts'
import { insertLines, type PlacedLine } from './log-rows.ts'

export interface LogWriter {
  /** Rejects with a Failure; the line is kept, and goes with the next one. */
  append(place: LedgerPlace, line: LogLine): Promise<void>
  /** Writes what is kept. Rejects with a Failure. */
  flush(): Promise<void>
}

/** A database that is restarted is back by then; where it is not, the run goes on without it. */
const pauses: readonly Milliseconds[] = [200, 800, 2_000]

/** More are not at work at the same time. */
const mostRuns = 1_000

const mostKept = 10_000
const mostAtOnce = 500

/**
 * Writes the history of runs. A database that is away for a while loses no line of it: what could not be written is kept in memory and
 * written with the next line, or at the end.
 */
export function openLogWriter({ db, guard }: Connection): LogWriter {
  const ordinals = new Map<string, number>()
  let kept: PlacedLine[] = []
  let working: Promise<void> = Promise.resolve()
  let isAway = false

  function number({ run, event }: LogLine): number {
    if (event === 'run') return 0
    const ordinal = (ordinals.get(run) ?? 0) + 1
    ordinals.set(run, ordinal)
    const [oldest] = ordinals.keys()
    if (ordinals.size > mostRuns && oldest !== undefined) ordinals.delete(oldest)
    return ordinal
  }

  function forget(written: readonly PlacedLine[]): void {
    const gone = new Set(written)
    kept = kept.filter(one => !gone.has(one))
  }

  async function write(): Promise<void> {
    while (kept.length > 0) {
      const batch = kept.slice(0, mostAtOnce)
      try {
        await insertLines(db, batch)
      } catch (error) {
        // 22: what it says can never be stored. It must not stand in the way of all that comes after.
        if (codeOf(error).startsWith('22')) forget(batch)
        throw error
      }
      forget(batch)
    }
  }

  async function insist(): Promise<void> {
    // While it is away, one look a line is enough: runs do not wait for their history.
    for (const pause of isAway ? [] : pauses) {
      try {
        await write()
        return
      } catch (error) {
        if (!isPassing(error)) throw error
      }
      await wait(pause)
    }
    isAway = true
    await write()
    isAway = false
  }

  function flush(): Promise<void> {
    const written = working.then(() => guard(insist))
    working = written.catch(() => undefined)
    return written
  }

  return {
    append(place, line) {
      kept.push({ place, line, ordinal: number(line) })
      if (kept.length > mostKept) kept.shift()
      return flush()
    },
    flush,
  }
}
