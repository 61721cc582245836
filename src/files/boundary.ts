import { type Stats, lstatSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, relative } from 'node:path'

/** The folders whose files may be shown: those of the repository, or of the configuration where there is none. */
export interface Boundary {
  /** Is this path, with all links followed, inside? */
  contains(path: string): boolean
}

export function boundaryOf(roots: readonly string[]): Boundary {
  return { contains: path => roots.some(root => isBelow(path, root)) }
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || !(way === '..' || /^\.\.[\\/]/.test(way) || isAbsolute(way))
}

/** The path with all links followed; null where it leads nowhere. */
export function realPath(path: string): string | null {
  try {
    return realpathSync.native(path)
  } catch {
    return null
  }
}

/** Null where there is nothing, or nobody may know. A link is not followed. */
export function statsOf(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null
  } catch {
    return null
  }
}

/** The folder with `.git` at or above this one; null where there is none. Git is not asked: it may run what a repository says. */
export function repositoryAbove(start: string): string | null {
  for (let folder = start; ; folder = dirname(folder)) {
    const found = statsOf(join(folder, '.git'))
    if (found !== null) return folder
    if (dirname(folder) === folder) return null
  }
}

/** The repository on the way from one folder down to another, else that one. A link on the way may come with the repository: it is not followed. */
function rootBelow(start: string, folder: string): string {
  let at = start
  for (const part of relative(start, folder)
    .split(/[\\/]/)
    .filter(each => each !== '')) {
    const next = join(at, part)
    if (statsOf(next)?.isSymbolicLink() === true) return at
    at = next
    if (statsOf(join(at, '.git')) !== null) return at
  }
  return at
}

/**
 * The root of what a configuration in `folder` may show: the repository of the working directory, or the one in it that the folder is in, or
 * the folder itself. Elsewhere the user chose the folder, and links that lead to it with it.
 */
export function rootFor(folder: string, cwd: string): string {
  const here = realPath(cwd) ?? cwd
  const repository = repositoryAbove(here)
  if (repository !== null && (isBelow(folder, cwd) || isBelow(folder, repository))) return repository
  if (isBelow(folder, cwd)) return rootBelow(here, join(here, relative(cwd, folder)))
  const real = realPath(folder) ?? folder
  return repositoryAbove(real) ?? real
}
