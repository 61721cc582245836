import { randomBytes } from 'node:crypto'
import { link, readFile, realpath, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../model/failure.ts'
import { errorCode, fileFailure } from './file-failure.ts'
import { processSpace, processStart } from './process-start.ts'

interface Holder {
  readonly pid: number
  readonly start: string
  readonly space: string
}

const patience = 10_000

/** The last one in line for each file, in this process. */
const lines = new Map<string, Promise<unknown>>()

/**
 * Runs `work` while nobody else, in this process or another, holds the lock of `path`: a file `<path>.lock` beside it. A
 * lock whose process is gone is taken over. Waits up to ten seconds for other processes, then throws a Failure `conflict`.
 * The folder must exist.
 */
export async function withFileLock<Result>(
  path: string,
  work: () => Promise<Result>,
  patienceMs: number = patience,
): Promise<Result> {
  // One file may be named by several paths, through a link on the way.
  const folder = await realpath(dirname(path)).catch((error: unknown) => {
    throw fileFailure('lock', path, error)
  })
  const lock = join(folder, `${basename(path)}.lock`)
  const turn = (lines.get(lock) ?? Promise.resolve()).then(() => whileLocked(lock, patienceMs, work))
  const settled = turn.catch(() => undefined)
  lines.set(lock, settled)
  try {
    return await turn
  } finally {
    if (lines.get(lock) === settled) lines.delete(lock)
  }
}

async function whileLocked<Result>(
  lock: string,
  patienceMs: number,
  work: () => Promise<Result>,
): Promise<Result> {
  await acquire(lock, Date.now() + patienceMs)
  try {
    return await work()
  } finally {
    await unlink(lock).catch(() => undefined)
  }
}

async function acquire(lock: string, deadline: number): Promise<void> {
  while (!(await create(lock))) {
    const holder = await readHolder(lock)
    if (holder === 'gone') continue
    if (holder !== 'unreadable' && (await isStale(holder))) {
      await takeDown(lock, deadline)
      continue
    }
    if (Date.now() >= deadline) throw heldFailure(lock, holder === 'unreadable' ? null : holder)
    await sleep(5 + Math.random() * 20)
  }
}

/**
 * Removes a stale lock. Two processes may both have seen it stale, and the slower one must not remove the lock that the
 * faster one has made since: so only the holder of a second lock, taken in the same way, looks again and removes.
 */
async function takeDown(lock: string, deadline: number): Promise<void> {
  const guard = `${lock}.takeover`
  await acquire(guard, deadline)
  try {
    const holder = await readHolder(lock)
    if (typeof holder === 'object' && (await isStale(holder))) await unlink(lock)
  } finally {
    await unlink(guard).catch(() => undefined)
  }
}

/** Creates the lock with its content in one step; false where it exists. */
async function create(lock: string): Promise<boolean> {
  const own: Holder = {
    pid: process.pid,
    start: (await processStart(process.pid)) ?? '',
    space: await processSpace(),
  }
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

async function readHolder(lock: string): Promise<Holder | 'gone' | 'unreadable'> {
  try {
    const value: unknown = JSON.parse(await readFile(lock, 'utf8'))
    return isHolder(value) ? value : 'unreadable'
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'gone' : 'unreadable'
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false
  const { pid, start, space } = value as Record<string, unknown>
  return Number.isSafeInteger(pid) && typeof start === 'string' && typeof space === 'string'
}

/** Only a process that we could see, were it alive, can be known to be gone. */
async function isStale(holder: Holder): Promise<boolean> {
  return holder.space === (await processSpace()) && (await processStart(holder.pid)) !== holder.start
}

function heldFailure(lock: string, holder: Holder | null): Failure {
  const who =
    holder === null ? 'an unknown process' : `process ${holder.pid} on ${holder.space.split(' ')[0] ?? ''}`
  return new Failure('conflict', `${lock} is held by ${who}.`, {
    hints: ['Wait until that run has ended.', 'If no other run is at work, delete that lock file.'],
  })
}
