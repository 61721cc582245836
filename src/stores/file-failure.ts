import { Failure } from '../model/failure.ts'

const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  EBUSY: 'it is a mount point, or a program holds it open',
  EXDEV: 'it is a mount point',
  EIO: 'the device reports an error',
}

/** What to do where a single file is mounted, which nothing can take the place of. */
export const mountPointHint =
  'Mount the folder that holds it instead of the file alone, or name another path.'

const hintsFor: Readonly<Record<string, string>> = {
  ENOSPC: 'Make room there and run it again: what the file held before is untouched.',
  EDQUOT: 'Make room there and run it again: what the file held before is untouched.',
  EBUSY: mountPointHint,
  EXDEV: mountPointHint,
}

/** The `code` of an error from the operating system; null where it has none. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/**
 * A Failure for what went wrong with a file: `Cannot write .env: permission denied.` Only the error's code is taken from
 * it; a Failure is passed on as it is.
 */
export function fileFailure(action: string, path: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  const code = errorCode(error)
  const why = code === null ? 'an unknown error' : (words[code] ?? code)
  const hints = [hintsFor[code ?? ''] ?? 'Check the path and its permissions, or name another path.']
  return new Failure('failed', `Cannot ${action} ${path}: ${why}.`, { hints })
}

/** What to say where a store would have to write through a symbolic link. */
export function symlinkFailure(path: string): Failure {
  return new Failure('failed', `${path} is a symbolic link, and secrets are never written through one.`, {
    hints: ['Name the file that it points to as the path of the store, or remove the link.'],
  })
}
