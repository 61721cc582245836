import { renameSync } from 'node:fs'
import { type Milliseconds, second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { errorCode, fileFailure } from './file-failure.ts'
import { type LeaseClock, expiresAfter } from './lease-clock.ts'
import { type Lease, holdLease } from './lease.ts'
import {
  type Found,
  type Held,
  type Holder,
  createLock,
  lifeOf,
  newNonce,
  ownHolder,
  readLock,
  removeLock,
  removeOwnLock,
} from './lock-file.ts'

export interface Taking {
  /** How long to wait for whoever has it. */
  readonly patience: Milliseconds
  /** Wait, whatever `patience` says, until it is known whether a holder that cannot be seen from here is alive. */
  readonly observes: boolean
  /** Whatever is in this program's own folder is a lock. Elsewhere `FILE.lock` may be another program's, such as Cargo.lock. */
  readonly ownFolder: boolean
  /** What the holder says about itself, for those who wait. */
  readonly note: Holder['note']
  readonly clock: LeaseClock
  /** Called once, when it begins to wait. */
  readonly onWait?: (held: Held) => void
}

/** Where the second lock is that a process holds while it takes over the first. */
export function guardOf(lock: string): string {
  return `${lock}.takeover`
}

/** Who did not look for longer was stopped, and the holder may have been stopped with it: that time does not count. */
const longestLook = 10 * second

/** What one observer has seen of one lock. */
interface Watch {
  /** For how long nobody has renewed or replaced it, as far as this observer has seen. */
  unchangedFor(state: string): Milliseconds
  /** Was it renewed or replaced since this observer first looked? */
  readonly moved: () => boolean
}

function watch(clock: LeaseClock): Watch {
  let last: { readonly state: string; readonly at: Milliseconds; readonly unchanged: Milliseconds } | null =
    null
  let moved = false
  return {
    unchangedFor(state) {
      const at = clock.now()
      let unchanged = 0
      if (last?.state === state) unchanged = last.unchanged + Math.min(at - last.at, longestLook)
      else moved = last !== null
      last = { state, at, unchanged }
      return unchanged
    },
    moved: () => moved,
  }
}

const shortPause = 5
const longPause = 200

/**
 * Takes a lock. One of a process that is known to be gone is taken over at once, any other when this observer has seen no
 * renewal for a minute by its own clock. Resolves to the lease, or to who has the lock.
 */
export async function takeLock(
  lock: string,
  { patience, observes, ownFolder, note, clock, onWait }: Taking,
): Promise<{ readonly lease: Lease } | { readonly lease: null; readonly held: Held }> {
  const begun = clock.now()
  const holder = await ownHolder(newNonce(), note)
  const seen = watch(clock)
  const guardSeen = watch(clock)
  let told = false
  let pause = shortPause
  for (;;) {
    const takenAt = clock.now()
    const found = readLock(lock)
    if (found === 'gone') {
      if (createLock(lock, holder)) return { lease: holdLease(lock, holder, takenAt, clock) }
      continue
    }
    if (!found.isLock && !ownFolder) throw foreignFailure(lock)
    const unchanged = seen.unchangedFor(found.state)
    const life = await lifeOf(found.holder)
    const expired = life === 'gone' || unchanged >= expiresAfter
    if (expired && (await takeOver(lock, found, holder, guardSeen)))
      return { lease: holdLease(lock, holder, takenAt, clock) }
    const waited = clock.now() - begun
    const undecided = observes && !seen.moved() && life === 'unknown' && !expired
    // Another process is taking it over, or was killed while it did: then its guard expires too.
    const contended = expired && waited < patience + 2 * expiresAfter
    if (waited >= patience && !undecided && !contended) return { lease: null, held: found }
    if (!told && (!expired || waited >= second)) {
      onWait?.(found)
      told = true
    }
    await clock.sleep(pause * (0.5 + Math.random()))
    pause = Math.min(longPause, pause * 1.5)
  }
}

/**
 * Puts this process's lock into the place of one that expired, in one step, so that there is no moment without a lock. Of
 * several observers only the one that holds the guard does so, and the guard itself becomes the lock. Where that process is
 * stopped in between, its guard expires like any lock and another removes it: then its rename fails for want of a source,
 * or moves the guard of its successor, who finds its own nonce in the lock. Either way the lock says who holds it.
 */
async function takeOver(lock: string, expired: Held, holder: Holder, guardSeen: Watch): Promise<boolean> {
  const guard = guardOf(lock)
  if (!createLock(guard, holder)) {
    const other = readLock(guard)
    if (other !== 'gone' && (await isExpired(other, guardSeen))) removeLock(guard)
    return isOwn(lock, holder)
  }
  try {
    if (isSame(readLock(lock), expired)) renameSync(guard, lock)
  } catch (error) {
    // Windows replaces no file that somebody is reading just now.
    const busy = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error) ?? '')
    if (errorCode(error) !== 'ENOENT' && !busy) throw fileFailure('take over the lock', lock, error)
  } finally {
    removeOwnLock(guard, holder)
  }
  return isOwn(lock, holder)
}

/** It is never removed, and waiting would not help. */
export function foreignFailure(lock: string): Failure {
  return new Failure('conflict', `${lock} is not a lock of fluxloop-keys, so it is left as it is.`, {
    hints: ['Name another path for this store, or remove that file.'],
  })
}

async function isExpired({ holder, state }: Held, seen: Watch): Promise<boolean> {
  return seen.unchangedFor(state) >= expiresAfter || (await lifeOf(holder)) === 'gone'
}

function isSame(found: Found, before: Held): boolean {
  return found !== 'gone' && found.state === before.state
}

function isOwn(lock: string, { nonce }: Holder): boolean {
  const found = readLock(lock)
  return found !== 'gone' && found.holder?.nonce === nonce
}
