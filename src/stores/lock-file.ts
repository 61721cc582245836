import { randomBytes } from 'node:crypto'
import { link, unlink, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instant } from '../model/duration.ts'
import { errorCode, fileFailure } from './file-failure.ts'
import { readRegularFile } from './read-file.ts'
import { processSpace, processStart, unknownStart } from './process-start.ts'

/** The process that holds a lock, and what it says of itself. */
export interface Holder {
  readonly pid: number
  readonly start: string
  readonly space: string
  readonly note: Readonly<Record<string, string>>
}

/** What stands at the place of a lock. */
export type Found = Holder | 'gone' | 'unreadable'

export interface Wait {
  readonly deadline: Instant
  /** What the holder says of itself, for those who wait. */
  readonly note: Readonly<Record<string, string>>
  /** Told once, where there is somebody to wait for. */
  readonly onWait?: (holder: Holder | null) => void
}

/** Takes a lock, also from a process that is gone. Resolves to null, or at the deadline to who has it. */
export async function takeLock(
  lock: string,
  { deadline, note, onWait }: Wait,
): Promise<Exclude<Found, 'gone'> | null> {
  let told = false
  while (!(await create(lock, note))) {
    const holder = await readHolder(lock)
    if (holder === 'gone') continue
    if (await isLeftBehind(holder)) {
      const guarded = await removeStale(lock, deadline)
      if (guarded !== null) return guarded
      continue
    }
    if (Date.now() >= deadline) return holder
    if (!told) onWait?.(holder === 'unreadable' ? null : holder)
    told = true
    await sleep(5 + Math.random() * 20)
  }
  return null
}

/** Lets go of a lock of this process; one that somebody else has taken since is left alone. */
export async function releaseLock(lock: string): Promise<void> {
  const holder = await readHolder(lock)
  if (typeof holder !== 'object' || holder.pid !== process.pid) return
  if (holder.start === (await ownStart())) await unlink(lock).catch(() => undefined)
}

/** Where the second lock lies that a process holds while it removes the lock of one that is gone. */
export function guardOf(lock: string): string {
  return `${lock}.takeover`
}

/**
 * Removes a lock whose process is gone. Two processes may both have seen it stale, and the slower one must not remove the
 * lock that the faster one has made since: so only the holder of a second lock, taken in the same way, looks again and
 * removes. Resolves to null, or to who kept the second lock until the deadline.
 */
export async function removeStale(lock: string, deadline: Instant): Promise<Exclude<Found, 'gone'> | null> {
  const guard = guardOf(lock)
  const kept = await takeLock(guard, { deadline, note: {} })
  if (kept !== null) return kept
  try {
    if (await isLeftBehind(await readHolder(lock))) await removeLock(lock)
  } finally {
    await releaseLock(guard)
  }
  return null
}

/** Removes a lock, whoever has it. */
export async function removeLock(lock: string): Promise<void> {
  await unlink(lock).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw fileFailure('remove the lock', lock, error)
  })
}

async function ownStart(): Promise<string> {
  return (await processStart(process.pid)) ?? ''
}

/** Creates the lock with its content in one step; false where it exists. */
async function create(lock: string, note: Holder['note']): Promise<boolean> {
  const own: Holder = { pid: process.pid, start: await ownStart(), space: await processSpace(), note }
  const text = `${JSON.stringify(own)}\n`
  const draft = `${lock}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, text, { flag: 'wx', mode: 0o600 })
    await link(draft, lock)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(errorCode(error) ?? '')) {
      throw fileFailure('create the lock', lock, error)
    }
    return await createWithoutLink(lock, text)
  } finally {
    await unlink(draft).catch(() => undefined)
  }
}

/** For file systems that know no hard links. A process that dies between the two steps leaves an unreadable lock. */
async function createWithoutLink(lock: string, text: string): Promise<boolean> {
  try {
    await writeFile(lock, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw fileFailure('create the lock', lock, error)
  }
}

/** A link or a pipe that somebody planted there is no lock of ours: it is not opened, and nobody waits for what it says. */
export async function readHolder(lock: string): Promise<Found> {
  try {
    const file = await readRegularFile(lock)
    return file === null ? 'gone' : (toHolder(JSON.parse(file.bytes.toString('utf8'))) ?? 'unreadable')
  } catch {
    return 'unreadable'
  }
}

function toHolder(value: unknown): Holder | null {
  if (typeof value !== 'object' || value === null) return null
  const { pid, start, space, note } = value as Record<string, unknown>
  const isOne = Number.isSafeInteger(pid) && typeof start === 'string' && typeof space === 'string'
  if (!isOne) return null
  const said = typeof note === 'object' && note !== null ? Object.entries(note) : []
  const texts = said.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return { pid: pid as number, start, space, note: Object.fromEntries(texts) }
}

/** Is the holder alive? Only of a process that we could see, were it alive, it can be known that it is gone. */
export async function lifeOf(holder: Holder): Promise<'alive' | 'gone' | 'unknown'> {
  if (holder.space !== (await processSpace())) return 'unknown'
  const start = await processStart(holder.pid)
  if (start === holder.start) return 'alive'
  return start === unknownStart || (start !== null && holder.start === unknownStart) ? 'unknown' : 'gone'
}

async function isLeftBehind(found: Found): Promise<boolean> {
  return typeof found === 'object' && (await lifeOf(found)) === 'gone'
}
