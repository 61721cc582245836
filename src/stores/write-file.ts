import { randomBytes } from 'node:crypto'
import {
  type Stats,
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  openSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { mkdir, open, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { dirname, join, relative, sep } from 'node:path'
import { Failure } from '../model/failure.ts'
import { placeOfDraft, removeDraftOf, removeDrafts } from './drafts.ts'
import { errorCode, fileFailure } from './file-failure.ts'
import type { LockedFile } from './file-lock.ts'
import type { Lease } from './lease.ts'
import { regularFileAt } from './read-file.ts'

const ownerOnly = 0o600

const flush = promisify(fsync)

/**
 * Replaces the content of a file at one instant: a reader, or a crash, sees the old content or the new, never a part. A new
 * file gets mode 0600; an existing one keeps its mode and owner. The draft is next to it and holds only what the file would
 * hold. Throws a Failure (conflict), and changes nothing, where the lock was lost meanwhile: to whoever asks after the draft
 * was written, or, in the instant after that, by the removal of the draft (see `withFileLock`). All but the flushes is asked at once, as in
 * `repositoryAround`.
 */
export async function writeFileDurably(
  { path, lease, requireSameFolder }: LockedFile,
  content: Uint8Array,
): Promise<void> {
  const before = regularFileAt(path)
  try {
    const draft = placeOfDraft(path, lease.nonce)
    const file = openSync(draft, 'wx', ownerOnly)
    try {
      writeFileSync(file, content)
      if (before !== null) takeOver(file, before)
      await flush(file)
    } finally {
      closeSync(file)
    }
    requireSameFolder()
    lease.requireHeld()
    renameHeld(draft, path, lease)
  } catch (error) {
    throw fileFailure('write', path, error)
  } finally {
    removeOwnDrafts(path, lease)
  }
  await syncFolder(dirname(path))
}

/** Removes a file, under the same conditions; no error where there is none. */
export async function removeFileDurably({ path, lease, requireSameFolder }: LockedFile): Promise<void> {
  if (regularFileAt(path) === null) return
  try {
    const trash = placeOfDraft(path, lease.nonce)
    requireSameFolder()
    lease.requireHeld()
    renameHeld(path, trash, lease)
  } catch (error) {
    throw fileFailure('remove', path, error)
  } finally {
    removeOwnDrafts(path, lease)
  }
  await syncFolder(dirname(path))
}

function renameHeld(from: string, to: string, lease: Lease): void {
  try {
    renameSync(from, to)
  } catch (error) {
    // Whoever took the lock over has removed the draft and its folder.
    if (errorCode(error) === 'ENOENT') lease.requireHeld()
    throw error
  }
}

function removeOwnDrafts(path: string, lease: Lease): void {
  try {
    removeDraftOf(path, lease.nonce)
    lease.requireHeld()
    removeDrafts(path)
  } catch {
    // The next holder of the lock removes the rest.
  }
}

/** Gives the new file the owner and mode of the one it replaces, so that nobody loses or gains access by our write. */
function takeOver(file: number, before: Pick<Stats, 'mode' | 'uid' | 'gid'>): void {
  if (process.platform === 'win32') return
  const own = fstatSync(file)
  if (own.uid !== before.uid || own.gid !== before.gid) fchownSync(file, before.uid, before.gid)
  fchmodSync(file, before.mode & 0o7777)
}

/** A rename is durable only once the folder is. Windows cannot open folders, and does not need to. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    const handle = openSync(folder, 'r')
    try {
      await flush(handle)
    } finally {
      closeSync(handle)
    }
  } catch (error) {
    // Some network file systems refuse to sync a folder (EINVAL); they have no stronger promise to give.
    if (errorCode(error) !== 'EINVAL') throw fileFailure('make durable', folder, error)
  }
}

/**
 * Makes the folder and its parents, open to their owner alone, where they are missing. One by one: Node's own recursive
 * mkdir never returns where the system answers ENOENT for a folder whose parent exists, as /proc does.
 */
export async function ensureFolder(folder: string): Promise<void> {
  const existing = nearestFolder(folder)
  const missing = relative(existing, folder).split(sep)
  let parent = existing
  for (const name of missing) {
    if (name === '') return
    const next = join(parent, name)
    try {
      await mkdir(next, 0o700)
      await syncFolder(parent)
    } catch (error) {
      // Another process may have made it in the meantime.
      if (errorCode(error) !== 'EEXIST') throw fileFailure('make the folder', next, error)
    }
    parent = next
  }
}

/** The folder itself, or the nearest one above it that exists. */
export function nearestFolder(folder: string): string {
  try {
    if (statSync(folder).isDirectory()) return folder
    throw new Failure('failed', `${folder} is not a folder.`, {
      hints: ['Name another path for this store.'],
    })
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || dirname(folder) === folder)
      throw fileFailure('look at', folder, error)
    return nearestFolder(dirname(folder))
  }
}

/**
 * Can a file be written to this folder? A small one is written and removed again, which also finds a full disk and what
 * permissions do not show. Where the folder is missing, the nearest one above it is tried.
 */
export async function probeFolder(folder: string): Promise<void> {
  const nearest = nearestFolder(folder)
  const trial = join(nearest, `.fluxloop-keys.${randomBytes(6).toString('hex')}.probe`)
  try {
    const file = await open(trial, 'wx', ownerOnly)
    try {
      await file.writeFile('#'.repeat(1024))
      await file.sync()
    } finally {
      await file.close()
      await unlink(trial)
    }
  } catch (error) {
    throw fileFailure('write to the folder', nearest, error)
  }
}
