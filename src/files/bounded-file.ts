import { type Stats, constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Windows does not have it, nor pipes that lie in folders. */
const nonBlocking = (constants.O_NONBLOCK as number | undefined) ?? 0

export type BoundedFile =
  | { readonly ok: true; readonly bytes: Buffer; readonly stats: Stats }
  | { readonly ok: false; readonly why: 'not-regular' | 'too-large'; readonly size: number }

/**
 * Reads a regular file of at most `largest` bytes, without waiting for whoever may be at the other end of a pipe. A link to one is
 * followed. Rejects as Node does where there is none, or it cannot be read.
 */
export async function readBounded(path: string, largest: number): Promise<BoundedFile> {
  const file = await open(path, constants.O_RDONLY | nonBlocking)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) return { ok: false, why: 'not-regular', size: stats.size }
    if (stats.size > largest) return { ok: false, why: 'too-large', size: stats.size }
    return { ok: true, bytes: await file.readFile(), stats }
  } finally {
    await file.close()
  }
}

/** May another user than this one, or root, have written it? Root takes anybody's: a container runs as root over files of others. */
export function isForeign({ uid, mode }: Stats): boolean {
  const own = process.getuid?.()
  if (own === undefined) return false
  return (mode & 0o002) !== 0 || (own !== 0 && uid !== own && uid !== 0)
}
