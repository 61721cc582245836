import { type Instant, type Milliseconds, minute } from '../../../src/model/duration.ts'
import { durationInWords } from '../../../src/render/text/time.ts'

/** `why`: in words, without anything that only the operator may know. */
export type Health = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** No tick for this long: the queue or the database does not work. Ticks come every 10 seconds, from whichever replica is quickest. */
export const tickPatience: Milliseconds = 2 * minute

/**
 * Is the replica able to do its work? A load balancer and a rollout ask that; whoever is not ready is not restarted.
 * `lastTick`: of any replica, as the database knows it; null: none yet.
 */
export function readiness(
  {
    stopping,
    databaseTrouble,
    lastTick,
  }: {
    readonly stopping: boolean
    /** What is wrong with the database, in words; null: it has the tables that this program needs. */
    readonly databaseTrouble: string | null
    readonly lastTick: Instant | null
  },
  now: Instant,
): Health {
  if (stopping) return { ok: false, why: 'shutting down' }
  if (databaseTrouble !== null) return { ok: false, why: databaseTrouble }
  if (lastTick === null) return { ok: false, why: 'no tick yet' }
  return now - lastTick <= tickPatience
    ? { ok: true }
    : { ok: false, why: `the last tick was ${durationInWords(now - lastTick)} ago` }
}

/** Sees a process whose loop of work is stuck while its event loop still answers. */
export class Pulse {
  private last: Instant
  private readonly patience: Milliseconds
  private readonly now: () => Instant

  /** `now`: a clock that only goes forward, in milliseconds. */
  constructor(now: () => Instant, patience: Milliseconds = 5 * minute) {
    this.now = now
    this.patience = patience
    this.last = now()
  }

  /** The loop of work came round again, whether it found work or failed. */
  beat(): void {
    this.last = this.now()
  }

  check(): Health {
    const silent = this.now() - this.last
    return silent <= this.patience
      ? { ok: true }
      : { ok: false, why: `the loop of work has been stuck for ${durationInWords(silent)}` }
  }
}
