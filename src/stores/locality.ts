import type { StoreSpec } from '../model/store.ts'
import { isTrackedByGit } from './git-tracked.ts'

const known = new Map<string, Promise<boolean>>()

/**
 * Does this store belong to one person's machine? Keychain and env file always do; an age file is shared where git tracks
 * it. Git is asked once for each file.
 */
export async function isLocal(spec: StoreSpec): Promise<boolean> {
  if (spec.kind !== 'age-file') return true
  let tracked = known.get(spec.path)
  if (tracked === undefined) {
    tracked = isTrackedByGit(spec.path, process.env)
    known.set(spec.path, tracked)
  }
  return !(await tracked)
}
