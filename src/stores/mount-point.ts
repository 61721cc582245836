import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../model/failure.ts'
import { errorCode, mountPointHint } from './file-failure.ts'

/** The places of mountinfo, see proc_pid_mountinfo(5): the fifth field, in which blanks and backslashes are octal numbers. */
export function mountPoints(mountinfo: string): ReadonlySet<string> {
  const places = mountinfo.split('\n').map(line => line.split(' ')[4] ?? '')
  return new Set(
    places.map(place =>
      place.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8))),
    ),
  )
}

/** Where the kernel does not list them, a file of another device than its folder is one. */
function isMountPoint(path: string): boolean {
  try {
    const file = lstatSync(path, { throwIfNoEntry: false })
    if (file === undefined) return false
    const folder = lstatSync(realpathSync.native(dirname(path)))
    if (file.isSymbolicLink()) return false
    if (process.platform !== 'win32' && file.dev !== folder.dev) return true
    if (process.platform !== 'linux') return false
    const real = Buffer.from(realpathSync.native(path)).toString('latin1')
    return mountPoints(readFileSync('/proc/self/mountinfo', 'latin1')).has(real)
  } catch (error) {
    if (errorCode(error) === null) throw error
    // What cannot be looked at fails where it is read or written, with a better reason.
    return false
  }
}

/**
 * Throws a Failure (refused) where a file is mounted at this very path, as containers mount a single `.env`: it cannot be replaced at
 * one instant.
 */
export function refuseMountPoint(path: string): void {
  if (!isMountPoint(path)) return
  throw new Failure('refused', `${path} is a mount point, so it cannot be replaced by a new file.`, {
    hints: [mountPointHint],
  })
}
