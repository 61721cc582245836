import { realpathSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isForeign, readBounded } from '../files/bounded-file.ts'
import { homeFolder } from '../files/home.ts'
import { Failure } from '../model/failure.ts'

/** Far above any project file. */
const largest = 1_048_576

/**
 * The text of a project file. It is looked for in every folder above the working one, `/tmp` among them, and chooses between the
 * platforms that may get the caller's key: so one that another user owns or may write is refused. Rejects with `ENOENT` where
 * there is none.
 */
export async function readProjectFile(path: string): Promise<string> {
  const refuse = (why: string) =>
    new Failure('usage', `${path} ${why}, so it does not choose the platform`, {
      hints: ['Name the platform with --api-url or FLUXLOOP_API_URL, or see to that file.'],
    })
  const file = await readBounded(path, largest)
  if (!file.ok) throw refuse(file.why === 'too-large' ? 'is larger than 1 MB' : 'is not a regular file')
  if (isForeign(file.stats)) throw refuse('belongs to another user, or may be written by any')
  return file.bytes.toString('utf8')
}

/** Is there a folder? Where nobody can tell there is none to go by. */
export async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    stats => stats.isDirectory(),
    () => false,
  )
}

/** The home folder by its real path, as the working directory has it; null where there is none. */
export function realHome(): string | null {
  try {
    return realpathSync(homeFolder())
  } catch {
    return null
  }
}
