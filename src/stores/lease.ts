import { Failure } from '../model/failure.ts'
import { type LeaseClock, beatEvery, trustedFor } from './lease-clock.ts'
import { type Holder, readLock, removeOwnLock, renewLock } from './lock-file.ts'

/** A lock that this process took, and renews until it lets go. */
export interface Lease {
  readonly nonce: string
  /**
   * Throws a Failure (conflict) where the lock is not held any more: somebody took it over, or this process was stopped for
   * so long that somebody may. Asked right before what was written becomes visible.
   */
  requireHeld(): void
  /** Aborted as soon as it is known that somebody took the lock over. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

function lostFailure(lock: string, how: string): Failure {
  return new Failure('conflict', `${lock} ${how}, so nothing was written`, {
    hints: ['This process was stopped or cut off from its files for a time. Run it again.'],
  })
}

/** Goes on renewing a lock that was just taken; `takenAt`: when this process began to take it. */
export function holdLease(lock: string, holder: Holder, takenAt: number, clock: LeaseClock): Lease {
  const lost = new AbortController()
  let renewedAt = takenAt
  let beat = 0
  let renewing: Promise<void> | null = null

  async function renew(): Promise<void> {
    const begun = clock.now()
    try {
      beat += 1
      if (await renewLock(lock, holder, beat)) renewedAt = begun
      else lost.abort()
    } catch {
      // A file system that is out of reach for a moment: the next beat tries again, and `requireHeld` goes by the time.
    }
  }

  const stop = clock.every(beatEvery, () => {
    renewing ??= renew().finally(() => (renewing = null))
  })

  return {
    nonce: holder.nonce,
    lost: lost.signal,
    requireHeld() {
      const found = readLock(lock)
      if (found === 'gone' || found.holder?.nonce !== holder.nonce) lost.abort()
      if (lost.signal.aborted) throw lostFailure(lock, 'was taken over by another process')
      if (clock.now() - renewedAt >= trustedFor) throw lostFailure(lock, 'was not renewed in time')
    },
    async release() {
      stop()
      await renewing
      removeOwnLock(lock, holder)
    },
  }
}
