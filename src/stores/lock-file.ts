import { constants, linkSync, lstatSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { open, readdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Instant } from '../model/duration.ts'
import { errorCode, fileFailure } from './file-failure.ts'
import { processSpace, processStart, unknownStart } from './process-start.ts'
import { readRegularFile } from './read-file.ts'

/** The process that holds a lock, and what it says about itself. */
export interface Holder {
  readonly pid: number
  readonly start: string
  readonly space: string
  /** Names this one holding of the lock. */
  readonly nonce: string
  readonly note: Readonly<Record<string, string>>
}

/** What is at the place of a lock. */
export type Found =
  | 'gone'
  | {
      /** Null where the file does not say. */
      readonly holder: Holder | null
      /** It is a lock of this program, or what is left of one. */
      readonly isLock: boolean
      /** Stays the same for as long as nobody renews or replaces the lock. */
      readonly state: string
      /** When it last changed, by the clock of its file system: for screens only. */
      readonly changedAt: Instant
    }

/** What every lock begins with, unless its writer was killed before it wrote so much. */
const beginning = '{"pid":'

export type Held = Exclude<Found, 'gone'>

export function newNonce(): string {
  return randomBytes(12).toString('hex')
}

/** Neither changes as long as this process runs. */
let own: Promise<Pick<Holder, 'start' | 'space'>> | null = null

async function ownProcess(): Promise<Pick<Holder, 'start' | 'space'>> {
  return { start: (await processStart(process.pid)) ?? '', space: await processSpace() }
}

export async function ownHolder(nonce: string, note: Holder['note']): Promise<Holder> {
  return {
    pid: process.pid,
    ...(await (own ??= ownProcess())),
    nonce,
    note,
  }
}

/** The second line of a lock. Always of the same length, so that a reader never sees a part of the first line. */
function beatLine(beat: number): string {
  return `${String(beat).padStart(12, '0')}\n`
}

function firstLine(holder: Holder): string {
  return `${JSON.stringify(holder)}\n`
}

/** Creates a lock with its content in one step; false where there is one already. */
export function createLock(lock: string, holder: Holder): boolean {
  const text = firstLine(holder) + beatLine(0)
  const draft = `${lock}.${holder.nonce}`
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 })
    linkSync(draft, lock)
    return true
  } catch (error) {
    // Somebody may have swept the draft away before it was linked: see `sweepLockDrafts`.
    if (['EEXIST', 'ENOENT'].includes(errorCode(error) ?? '') && isFolder(dirname(lock))) return false
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(errorCode(error) ?? '')) {
      throw fileFailure('create the lock', lock, error)
    }
    return createWithoutLink(lock, text)
  } finally {
    unlinkQuietly(draft)
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Whoever comes next removes it.
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** Removes what was left in a folder by processes that were killed while they created a lock. Whoever is about to create one tries again. */
export async function sweepLockDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (/\.lock(\.takeover)?\.[0-9a-f]{24}$/.test(name))
      await unlink(join(folder, name)).catch(() => undefined)
  }
}

/** For file systems without hard links. A process that is killed between the two steps leaves an unreadable lock, which expires. */
function createWithoutLink(lock: string, text: string): boolean {
  try {
    writeFileSync(lock, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw fileFailure('create the lock', lock, error)
  }
}

/** Shows observers that the holder is alive; false where the lock is not this holder's any more. */
export async function renewLock(lock: string, holder: Holder, beat: number): Promise<boolean> {
  const first = Buffer.from(firstLine(holder))
  const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0
  const file = await open(lock, constants.O_RDWR | noFollow).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  })
  if (file === null) return false
  try {
    // Who takes the lock over puts another file in its place: what is written here can never end up in theirs.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(first.length), 0, first.length, 0)
    if (bytesRead !== first.length || !buffer.equals(first)) return false
    await file.write(beatLine(beat), first.length)
    await file.sync()
    return true
  } finally {
    await file.close()
  }
}

/** A link, a pipe or a folder at this place is not opened: it counts as a lock without a holder. */
export function readLock(lock: string): Found {
  try {
    const file = readRegularFile(lock)
    if (file === null) return 'gone'
    const state = file.bytes.toString('latin1')
    const holder = toHolder(file.bytes.toString('utf8').split('\n')[0] ?? '')
    return {
      holder,
      isLock: holder !== null || state.startsWith(beginning) || beginning.startsWith(state),
      state,
      changedAt: file.stats.mtimeMs,
    }
  } catch {
    return strangeLock(lock)
  }
}

function strangeLock(lock: string): Found {
  try {
    const { mode, size, mtimeMs, ctimeMs } = lstatSync(lock)
    return { holder: null, isLock: false, state: `${mode} ${size} ${mtimeMs} ${ctimeMs}`, changedAt: mtimeMs }
  } catch {
    return 'gone'
  }
}

function toHolder(line: string): Holder | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { pid, start, space, nonce, note } = value as Record<string, unknown>
  if (!Number.isSafeInteger(pid) || typeof start !== 'string' || typeof space !== 'string') return null
  const said = typeof note === 'object' && note !== null ? Object.entries(note) : []
  const texts = said.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return {
    pid: pid as number,
    start,
    space,
    nonce: typeof nonce === 'string' ? nonce : '',
    note: Object.fromEntries(texts),
  }
}

/** Removes a lock, whoever has it. */
export function removeLock(lock: string): void {
  try {
    unlinkSync(lock)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw fileFailure('remove the lock', lock, error)
  }
}

/** Removes a lock that this holder has; one of anybody else is left alone. */
export function removeOwnLock(lock: string, { nonce }: Holder): void {
  const found = readLock(lock)
  if (found !== 'gone' && found.holder?.nonce === nonce) unlinkQuietly(lock)
}

/**
 * Is the holder alive, as far as the process table tells? That of another machine or container tells nothing: `unknown`.
 */
export async function lifeOf(holder: Holder | null): Promise<'alive' | 'gone' | 'unknown'> {
  if (holder === null || holder.space !== (await processSpace())) return 'unknown'
  const start = await processStart(holder.pid)
  if (start === holder.start) return 'alive'
  return start === unknownStart || (start !== null && holder.start === unknownStart) ? 'unknown' : 'gone'
}
