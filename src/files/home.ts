import { homedir } from 'node:os'
import { Failure } from '../model/failure.ts'

/**
 * The user's home folder. Throws a Failure where the system knows none: locks and local stores belong to a home, and one that we
 * made up would be another host to the next run.
 */
export function homeFolder(): string {
  try {
    return homedir()
  } catch {
    // A container may run as a number that has neither a name nor a home.
    throw new Failure('failed', 'This user has no home folder', {
      hints: ['Set HOME to a folder that stays, and that only this user can write to.'],
    })
  }
}
