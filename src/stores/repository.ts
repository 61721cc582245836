import { lstatSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nearestFolder } from './write-file.ts'

/** A git repository, found by looking at folders alone: git is not asked where it is. */
export interface Repository {
  /** The real path of the folder that has `.git`, or is a bare repository. */
  readonly root: string
  readonly bare: boolean
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** What git takes for a repository without a `.git`. Rather too much than too little: nothing is asked there. */
function isBare(folder: string): boolean {
  if (!exists(join(folder, 'HEAD'))) return false
  return exists(join(folder, 'objects')) || exists(join(folder, 'commondir'))
}

/**
 * The nearest repository at or above a folder, which need not exist yet; null where there is none. Links are followed. An apply asks the
 * file system some forty such questions for each key. They are asked at once, not one by one through the pool of threads: that costs a
 * tenth, and less time passes between a question and the write that it is for.
 */
export function repositoryAround(folder: string): Repository | null {
  let root = realpathSync.native(nearestFolder(folder))
  for (;;) {
    if (exists(join(root, '.git'))) return { root, bare: false }
    if (isBare(root)) return { root, bare: true }
    const above = dirname(root)
    if (above === root) return null
    root = above
  }
}
