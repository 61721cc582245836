import type { Milliseconds } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { StackLease } from '../../../src/runtime/fleet-database.ts'
import { type Clocks, startAge } from './clocks.ts'

/** What the database does for one lease. */
export interface LeaseCalls {
  /** False: it is another's by now. */
  renew(): Promise<boolean>
  release(): Promise<void>
}

export interface KeptLease {
  readonly stack: string
  readonly epoch: number
  readonly duration: Milliseconds
  /** From the start of one renewal to that of the next. */
  readonly renewedEvery: Milliseconds
  readonly clocks: Clocks
  /** How long ago the statement that took it was sent. */
  readonly age: () => Milliseconds
}

/** After a renewal failed it is tried again in this part of that time. */
const retriedEvery = 1 / 4

/**
 * From then on it is late: one renewal may fail, and what is in flight still has the rest of the time to arrive. It counts from before
 * the last renewal was sent, since nobody knows when in between the database's clock was read.
 */
const lateFrom = 0.7

/**
 * Renews a lease until it is released or lost, and lost once it is late, for good: by then somebody else may have it, and what was
 * planned under it may be old.
 */
export function keepLease(
  { stack, epoch, duration, renewedEvery, clocks, age }: KeptLease,
  calls: LeaseCalls,
): StackLease {
  const lost = new AbortController()
  let ageOfRenewal = age
  let renewing: NodeJS.Timeout | undefined
  let watching: NodeJS.Timeout | undefined
  let released = false

  function end(): void {
    clearTimeout(renewing)
    clearTimeout(watching)
  }

  function lose(why: string): void {
    end()
    if (released || lost.signal.aborted) return
    lost.abort(
      new Failure('conflict', `Lost the lease of the stack ${stack}: ${why}`, {
        hints: ['Nothing more was begun. Run it again: it goes on where this run stopped.'],
      }),
    )
  }

  function lookAtTime(): void {
    const left = duration * lateFrom - ageOfRenewal()
    if (left <= 0) lose('it was not renewed in time')
    else watch(left)
  }

  function watch(left: Milliseconds): void {
    clearTimeout(watching)
    watching = setTimeout(lookAtTime, left).unref()
  }

  async function renew(): Promise<void> {
    const age = startAge(clocks)
    let next = renewedEvery
    try {
      if (!(await calls.renew())) lose('another run has it')
      else if (!lost.signal.aborted) ageOfRenewal = age
    } catch {
      // The database may be back soon. Until then time decides.
      next = renewedEvery * retriedEvery
    }
    lookAtTime()
    plan(next - age())
  }

  function plan(delay: Milliseconds): void {
    if (released || lost.signal.aborted) return
    renewing = setTimeout(() => void renew(), Math.max(delay, renewedEvery * retriedEvery)).unref()
  }

  plan(renewedEvery - age())
  lookAtTime()
  return {
    epoch,
    lost: lost.signal,
    requireHeld() {
      if (!released) lookAtTime()
      if (released) throw new Failure('conflict', `The lease of the stack ${stack} was given back`)
      if (lost.signal.aborted) throw lost.signal.reason
    },
    async release() {
      if (released) return
      released = true
      end()
      // Where it cannot be given back, it ends by itself.
      await calls.release().catch(() => undefined)
    },
  }
}
