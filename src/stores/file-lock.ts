import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../model/failure.ts'
import { fileFailure } from './file-failure.ts'
import { type Holder, releaseLock, takeLock } from './lock-file.ts'

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
  const holder = await takeLock(lock, { deadline: Date.now() + patienceMs, note: {} })
  if (holder !== null) throw heldFailure(lock, holder === 'unreadable' ? null : holder)
  try {
    return await work()
  } finally {
    await releaseLock(lock)
  }
}

function heldFailure(lock: string, holder: Holder | null): Failure {
  const who =
    holder === null ? 'an unknown process' : `process ${holder.pid} on ${holder.space.split(' ')[0] ?? ''}`
  return new Failure('conflict', `${lock} is held by ${who}.`, {
    hints: ['Wait until that run has ended.', 'If no other run is at work, delete that lock file.'],
  })
}
