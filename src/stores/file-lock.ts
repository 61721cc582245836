import { type Stats, existsSync, lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Milliseconds, second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { removeDrafts } from './drafts.ts'
import { fileFailure } from './file-failure.ts'
import { type LeaseClock, expiresAfter, ownClock } from './lease-clock.ts'
import type { Lease } from './lease.ts'
import { type Held, type Holder, readLock } from './lock-file.ts'
import type { Fence } from './secret-store.ts'
import { takeLock } from './take-lock.ts'

/** Long enough for a lock that was left behind to expire. */
const usualPatience: Milliseconds = expiresAfter + 15 * second

export interface FileLocking {
  /** How long to wait for another process: 75 seconds unless given. */
  readonly patience?: Milliseconds
  readonly clock?: LeaseClock
  /** Asked with the lock, before what was written becomes visible. */
  readonly fence?: Fence | undefined
  /** Called once for each file that it has to wait for. */
  readonly onWait?: (lock: string, holder: Holder | null) => void
}

/** What the stores of files need. */
export interface FileStoreDeps {
  readonly locking: FileLocking
  /** Throws a Failure where no file can be written to a folder. */
  readonly tryFolder: (folder: string) => Promise<void>
  /** The absolute paths that the user allowed, whatever they are called and wherever they lead. */
  readonly allowed: readonly string[]
}

/** A file whose lock this process holds. */
export interface LockedFile {
  /** With no symbolic link in the path of its folder. */
  readonly path: string
  readonly lease: Lease
  /** Throws a Failure where something else stands in the place of its folder by now. */
  readonly requireSameFolder: () => void
}

/** The last one in line for each file, in this process. */
const lines = new Map<string, Promise<unknown>>()

function lockedPath(path: string): string {
  try {
    // One file may be named by several paths, through a link on the way.
    return join(realpathSync.native(dirname(path)), basename(path))
  } catch (error) {
    throw fileFailure('lock', path, error)
  }
}

export function lockOf(path: string): string {
  return `${path}.lock`
}

/**
 * Runs `work` while nobody else, in this process or another, holds the lock of `path`: a file `<path>.lock` next to it. A lock
 * that was left behind is taken over (see `takeLock`). Throws a Failure (conflict) where another process keeps the lock for
 * longer than `patience`. The folder must exist.
 */
export async function withFileLock<Result>(
  path: string,
  work: (file: LockedFile) => Promise<Result>,
  locking: FileLocking = {},
): Promise<Result> {
  const real = lockedPath(path)
  const turn = (lines.get(real) ?? Promise.resolve()).then(() => whileLocked(real, locking, work))
  const settled = turn.catch(() => undefined)
  lines.set(real, settled)
  try {
    return await turn
  } finally {
    if (lines.get(real) === settled) lines.delete(real)
  }
}

/** Waits until the lock of `path` can be taken, so that nothing is made that could not be put there. */
export async function requireLockable(path: string, locking: FileLocking): Promise<void> {
  // Where there is no folder yet there is no lock either.
  if (!existsSync(dirname(path)) || readLock(lockOf(lockedPath(path))) === 'gone') return
  await withFileLock(path, () => Promise.resolve(), locking)
}

async function whileLocked<Result>(
  path: string,
  { patience = usualPatience, clock = ownClock, fence, onWait }: FileLocking,
  work: (file: LockedFile) => Promise<Result>,
): Promise<Result> {
  const lock = lockOf(path)
  const taken = await takeLock(lock, {
    patience,
    observes: false,
    ownFolder: false,
    note: {},
    clock,
    onWait: held => onWait?.(lock, held.holder),
  })
  if (taken.lease === null) throw heldFailure(lock, taken.held)
  const { lease } = taken
  try {
    // A former holder may be stopped right before the rename of its draft. Without the draft it can rename nothing when it wakes up.
    removeDrafts(path)
    return await work({ path, lease: fenced(lease, fence), requireSameFolder: folderOf(path) })
  } finally {
    await lease.release()
  }
}

function fenced(lease: Lease, fence: Fence | undefined): Lease {
  if (fence === undefined) return lease
  const requireHeld = () => {
    lease.requireHeld()
    fence()
  }
  return { ...lease, requireHeld }
}

/** Remembers which folder it is, to tell later. */
function folderOf(path: string): () => void {
  const folder = dirname(path)
  const before = lstatSync(folder)
  return () => {
    const now = statsOf(folder)
    if (now?.isDirectory() === true && now.dev === before.dev && now.ino === before.ino) return
    throw new Failure(
      'conflict',
      `${folder} was replaced while ${path} was being written, so nothing was written.`,
      {
        hints: ['Look at what is there now, and run this again.'],
      },
    )
  }
}

function statsOf(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}

/** `process 4711 on build-3` */
export function holderOf(holder: Holder | null): string {
  if (holder === null) return 'an unknown process'
  return `process ${holder.pid} on ${holder.space.split(' ')[0] ?? ''}`
}

function heldFailure(lock: string, { holder }: Held): Failure {
  return new Failure('conflict', `${lock} is held by ${holderOf(holder)}.`, {
    hints: [
      'Wait until that process has ended. A lock that nobody renews for a minute is taken over by the next run.',
      'Once you know that nobody is writing that file: fluxloop-keys unlock --force',
    ],
  })
}
