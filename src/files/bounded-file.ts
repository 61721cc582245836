import { type Stats, closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'

/** Windows does not have it, nor pipes that lie in folders. */
const nonBlocking = (constants.O_NONBLOCK as number | undefined) ?? 0

export type BoundedFile =
  | { readonly ok: true; readonly bytes: Buffer; readonly stats: Stats }
  | { readonly ok: false; readonly why: 'not-regular' | 'too-large'; readonly size: number }

function readAtOnce(path: string, largest: number): BoundedFile {
  const file = openSync(path, constants.O_RDONLY | nonBlocking)
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) return { ok: false, why: 'not-regular', size: stats.size }
    if (stats.size > largest) return { ok: false, why: 'too-large', size: stats.size }
    return { ok: true, bytes: readFileSync(file), stats }
  } finally {
    closeSync(file)
  }
}

/**
 * Reads a regular file of at most `largest` bytes, without waiting for whoever may be at the other end of a pipe. A link to one is
 * followed. Rejects as Node does where there is none, or it cannot be read. No thread is started for it, which would take longer than
 * the file.
 */
export function readBounded(path: string, largest: number): Promise<BoundedFile> {
  return new Promise(resolve => {
    resolve(readAtOnce(path, largest))
  })
}

/** May another user than this one, or root, have written it? Root takes anybody's: a container runs as root over files of others. */
export function isForeign({ uid, mode }: Stats): boolean {
  const own = process.getuid?.()
  if (own === undefined) return false
  return (mode & 0o002) !== 0 || (own !== 0 && uid !== own && uid !== 0)
}
