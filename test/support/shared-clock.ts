import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { asUsersDo } from './program.ts'

/**
 * A clock for several processes, which all have it for their own: the real one, but for sleeps of a minute or more. Such a sleep
 * takes three seconds, and the clock of all leaps over it. Everything else takes as long as it takes.
 */
export interface SharedClock {
  /** The built program, with this clock. */
  readonly program: readonly [string, ...string[]]
  /** For its environment. */
  readonly env: { readonly LEAPING_CLOCK: string }
  now(): number
  leap(milliseconds: number): void
}

export function sharedClock(t: Pick<Test, 'teardown'>, folder: string): SharedClock {
  const path = join(folder, 'clock')
  const file = openSync(path, 'w+')
  t.teardown(() => closeSync(file))
  const ahead = new Float64Array(1)
  writeSync(file, ahead, 0, 8, 0)
  const read = () => {
    readSync(file, ahead, 0, 8, 0)
    return ahead[0] ?? Number.NaN
  }
  const [command, ...args] = asUsersDo
  return {
    program: [command, ...args.toSpliced(-1, 0, `--import=${import.meta.resolve('./leaping-clock.mjs')}`)],
    env: { LEAPING_CLOCK: path },
    now: () => Date.now() + read(),
    leap: milliseconds => {
      ahead[0] = read() + milliseconds
      writeSync(file, ahead, 0, 8, 0)
    },
  }
}
