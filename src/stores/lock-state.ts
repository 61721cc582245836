import type { LockHolder, LockState } from '../model/stack-lock.ts'
import { type LeaseClock, ownClock } from './lease-clock.ts'
import { type Found, type Holder, lifeOf, readLock, removeLock } from './lock-file.ts'
import { foreignFailure, guardOf, takeLock } from './take-lock.ts'

function toLockHolder({ pid, space, note }: Holder): LockHolder {
  const since = Date.parse(note['since'] ?? '')
  return {
    pid,
    host: space.split(' ')[0] ?? '',
    command: note['command'] ?? null,
    since: Number.isNaN(since) ? null : since,
  }
}

export async function toState(found: Found): Promise<LockState> {
  if (found === 'gone') return { kind: 'free' }
  const holder = found.holder === null ? null : toLockHolder(found.holder)
  const life = await lifeOf(found.holder)
  if (holder === null || life === 'unknown') return { kind: 'unknown', holder, changedAt: found.changedAt }
  return { kind: life === 'alive' ? 'held' : 'left-behind', holder }
}

export async function lockState(lock: string): Promise<LockState> {
  return await toState(readLock(lock))
}

export interface Freeing {
  /** Also a lock of which nobody can tell from here whether its holder is alive, and at once. */
  readonly force: boolean
  /** As in `takeLock`. */
  readonly ownFolder: boolean
  readonly clock?: LeaseClock
  /** Called where it takes up to a minute to find out whether the holder is alive. */
  readonly onWait?: (state: LockState) => void
}

/** Removes a lock that was left behind. Resolves to whether it is free now. One whose process is alive on this machine stays. */
export async function freeLock(
  lock: string,
  { force, ownFolder, clock = ownClock, onWait }: Freeing,
): Promise<boolean> {
  const found = readLock(lock)
  if (found !== 'gone' && !found.isLock && !ownFolder) throw foreignFailure(lock)
  const { kind } = await toState(found)
  if (kind === 'free') return true
  if (kind === 'held') return false
  if (kind === 'unknown' && force) {
    removeLock(guardOf(lock))
    removeLock(lock)
    return true
  }
  const { lease } = await takeLock(lock, {
    patience: 0,
    observes: true,
    ownFolder,
    note: {},
    clock,
    onWait: held => void toState(held).then(onWait),
  })
  await lease?.release()
  return lease !== null
}
