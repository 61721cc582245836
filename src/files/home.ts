import { homedir } from 'node:os'
import { isAbsolute } from 'node:path'
import { Failure } from '../model/failure.ts'

/**
 * The user's home folder. Throws a Failure where the system knows none, or HOME is a relative path: locks and local stores belong to a home, and one that we
 * made up would be another host to the next run.
 */
export function homeFolder(): string {
  const home = knownHome()
  if (home !== null && isAbsolute(home)) return home
  throw new Failure(
    'failed',
    home ? `The home folder ${home} is not an absolute path` : 'This user has no home folder',
    {
      hints: ['Set HOME to a folder that stays, and that only this user can write to.'],
    },
  )
}

/** As the system has it: HOME, even an empty one, goes before the list of users. */
function knownHome(): string | null {
  try {
    return homedir()
  } catch {
    // A container may run as a number that has neither a name nor a home.
    return null
  }
}
