import { setTimeout as sleep } from 'node:timers/promises'
import { type Milliseconds, second } from '../model/duration.ts'

/** The time that leases go by: that of one process alone, never compared with another machine's or with that of a file. */
export interface LeaseClock {
  /** Only ever goes forward, whatever somebody sets the clock of the machine to. */
  now(): Milliseconds
  sleep(time: Milliseconds): Promise<void>
  /** Calls `work` after every `time` until the function that it returns is called. Keeps no process alive. */
  every(time: Milliseconds, work: () => void): () => void
}

export const ownClock: LeaseClock = {
  now: () => performance.now(),
  sleep: async time => await sleep(time),
  every: (time, work) => {
    const timer = setInterval(work, time).unref()
    return () => clearInterval(timer)
  },
}

/** How often a holder renews its lock. */
export const beatEvery: Milliseconds = 10 * second
/** A holder that could not renew its lock for this long does not count on it any more. */
export const trustedFor: Milliseconds = 45 * second
/** An observer that saw no renewal for this long may take the lock over. */
export const expiresAfter: Milliseconds = 60 * second
