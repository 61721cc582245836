import { constants, type Stats } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { Failure } from '../model/failure.ts'
import { errorCode, fileFailure, symlinkFailure } from './file-failure.ts'

/** Far above any file that a person keeps secrets in, and far below what would hurt. */
const largest = 16 * 1024 * 1024

/** Windows has neither constant; there `lstat` alone guards. */
const noFollow =
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) | ((constants.O_NONBLOCK as number | undefined) ?? 0)

/** What stands at `path`, which must be a regular file: no link, no folder, no device. Null where nothing does. */
export async function regularFileAt(path: string): Promise<Stats | null> {
  let stats: Stats
  try {
    stats = await lstat(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw fileFailure('look at', path, error)
  }
  if (stats.isSymbolicLink()) throw symlinkFailure(path)
  if (!stats.isFile()) throw notRegular(path)
  return stats
}

/** The bytes of a regular file and its state; null where there is none. A link is refused, so nobody can swap what we edit. */
export async function readRegularFile(path: string): Promise<{ bytes: Buffer; stats: Stats } | null> {
  if ((await regularFileAt(path)) === null) return null
  try {
    const file = await open(path, constants.O_RDONLY | noFollow)
    try {
      const stats = await file.stat()
      if (!stats.isFile()) throw notRegular(path)
      if (stats.size > largest)
        throw new Failure('failed', `${path} is larger than 16 MB.`, {
          hints: ['Name another path for this store.'],
        })
      return { bytes: await file.readFile(), stats }
    } finally {
      await file.close()
    }
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT') return null
    if (code === 'ELOOP') throw symlinkFailure(path)
    throw fileFailure('read', path, error)
  }
}

function notRegular(path: string): Failure {
  return new Failure('failed', `${path} is not a regular file.`, {
    hints: ['Name another path for this store.'],
  })
}
