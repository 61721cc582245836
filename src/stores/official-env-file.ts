import { type Stats, closeSync, constants, fchmodSync, openSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileFailure } from './file-failure.ts'
import { regularFileAt } from './read-file.ts'

/** `.fluxloop/.env`: the platform's own client writes keys into it, with the mode that the umask leaves. Source: its public code. */
function isOfficialEnvFile(path: string): boolean {
  return basename(path) === '.env' && basename(dirname(path)) === '.fluxloop'
}

/** May others open it only because the platform's own client made it so, and may we change that? */
export function isMendable(path: string, { uid }: Pick<Stats, 'uid'>): boolean {
  return isOfficialEnvFile(path) && uid === process.getuid?.()
}

/** Takes the permissions of others from the file of the platform's own client, where it is ours. */
export function mendMode(path: string): void {
  const stats = regularFileAt(path)
  if (process.platform === 'win32' || stats === null || (stats.mode & 0o077) === 0) return
  if (!isMendable(path, stats)) return
  try {
    // Not by its path: a link may stand there by now.
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      fchmodSync(file, 0o600)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw fileFailure('change the mode of', path, error)
  }
}
