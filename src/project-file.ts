import { type Stats, constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { Failure } from './model/failure.ts'

/** Far above any project file. */
const largest = 1_048_576

/** Windows does not have it, nor pipes that lie in folders. */
const nonBlocking = (constants.O_NONBLOCK as number | undefined) ?? 0

/**
 * The text of a project file. It is looked for in every folder above the working one, `/tmp` among them, and what it names is
 * sent the caller's key: so one that another user owns or may write is refused. Root takes anybody's, since a container
 * runs as root over files of others. Rejects with `ENOENT` where there is none.
 */
export async function readProjectFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | nonBlocking)
  try {
    const stats = await file.stat()
    const refuse = (why: string) =>
      new Failure('usage', `${path} ${why}, so it does not choose the platform`, {
        hints: ['Name the platform with --api-url or FLUXLOOP_API_URL, or see to that file.'],
      })
    if (!stats.isFile()) throw refuse('is no regular file')
    if (stats.size > largest) throw refuse('is larger than 1 MB')
    if (isForeign(stats)) throw refuse('belongs to another user, or may be written by any')
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function isForeign({ uid, mode }: Stats): boolean {
  const own = process.getuid?.()
  if (own === undefined) return false
  return (mode & 0o002) !== 0 || (own !== 0 && uid !== own && uid !== 0)
}
