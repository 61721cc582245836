import { type Stats, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs'
import { Failure } from '../model/failure.ts'
import { errorCode, fileFailure, symlinkFailure } from './file-failure.ts'

/** Far above any file that a person keeps secrets in, and far below what would hurt. */
const largest = 16 * 1024 * 1024

/** Windows has neither constant; there `lstat` alone guards. */
const noFollow =
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) | ((constants.O_NONBLOCK as number | undefined) ?? 0)

/** What stands at `path`, which must be a regular file: no link, no folder, no device. Null where nothing does. */
export function regularFileAt(path: string): Stats | null {
  let stats: Stats
  try {
    stats = lstatSync(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw fileFailure('look at', path, error)
  }
  if (stats.isSymbolicLink()) throw symlinkFailure(path)
  if (!stats.isFile()) throw notRegular(path)
  return stats
}

/** The bytes of a regular file and its state; null where there is none. A link is refused, so nobody can swap what we edit. */
export function readRegularFile(path: string): { bytes: Buffer; stats: Stats } | null {
  if (regularFileAt(path) === null) return null
  try {
    const file = openSync(path, constants.O_RDONLY | noFollow)
    try {
      const stats = fstatSync(file)
      if (!stats.isFile()) throw notRegular(path)
      if (stats.size > largest)
        throw new Failure('failed', `${path} is larger than 16 MB.`, {
          hints: ['Name another path for this store.'],
        })
      return { bytes: readFileSync(file), stats }
    } finally {
      closeSync(file)
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
