import { readFile, realpath, writeFile } from 'node:fs/promises'
import { Failure } from '../model/failure.ts'
import { fileFailure } from '../stores/file-failure.ts'
import { withFileLock } from '../stores/file-lock.ts'
import { writeFileDurably } from '../stores/write-file.ts'

/** The text of a file; null where there is none. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
    throw fileFailure('read', path, cause)
  }
}

/**
 * Replaces a file that was read as `before` (null: there was none) at one instant; a link to it stays. A new one gets the mode
 * of any new file: it holds no secret.
 */
export async function replaceFile(path: string, before: string | null, text: string): Promise<void> {
  if ((await textOf(path)) !== before)
    throw new Failure('conflict', `${path} was changed in the meantime: nothing was written`)
  try {
    if (before === null) await writeFile(path, text, { flag: 'wx' })
    else {
      const file = await realpath(path)
      await withFileLock(file, locked => writeFileDurably(locked, Buffer.from(text)))
    }
  } catch (error) {
    throw fileFailure('write', path, error)
  }
}
