import { lstat, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { nearestFolder } from './write-file.ts'

/** A git repository, found by looking at folders alone: git is not asked where it is. */
export interface Repository {
  /** The real path of the folder that has `.git`, or is a bare repository. */
  readonly root: string
  readonly bare: boolean
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** What git takes for a repository without a `.git`. Rather too much than too little: nothing is asked there. */
async function isBare(folder: string): Promise<boolean> {
  if (!(await exists(join(folder, 'HEAD')))) return false
  return (await exists(join(folder, 'objects'))) || (await exists(join(folder, 'commondir')))
}

/** The nearest repository at or above a folder, which need not exist yet; null where there is none. Links are followed. */
export async function repositoryAround(folder: string): Promise<Repository | null> {
  let root = await realpath(await nearestFolder(folder))
  for (;;) {
    if (await exists(join(root, '.git'))) return { root, bare: false }
    if (await isBare(root)) return { root, bare: true }
    const above = dirname(root)
    if (above === root) return null
    root = above
  }
}
