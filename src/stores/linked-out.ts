import { type Stats, lstatSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, parse, relative, sep } from 'node:path'
import { Failure } from '../model/failure.ts'
import { isAllowedPath } from '../model/store-path.ts'
import { errorCode, fileFailure } from './file-failure.ts'
import { shellWord } from '../model/shell-word.ts'

/** A symbolic link in the path of a file, and the folder outside of the repository that it leads to. */
interface LinkedOut {
  readonly link: string
  readonly target: string
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

function realOr<Other>(path: string, other: Other): string | Other {
  try {
    return realpathSync.native(path)
  } catch {
    return other
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** Null where nothing is at this place of a path. */
function stepOf(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return null
    throw fileFailure('look at', path, error)
  }
}

/**
 * Where the author of a configuration may have made the links: the folder with `.git` in it at or above the folder of the file, or
 * that folder itself. Git is not asked.
 */
function rootOf(folder: string): string {
  const real = realOr(folder, folder)
  for (let root = real; ; root = dirname(root)) {
    if (isThere(join(root, '.git'))) return root
    if (dirname(root) === root) return real
  }
}

/**
 * The first link on the way to `path` that lies in the repository of the declaring file and leads out of it; null where there is
 * none. Links outside of the repository, such as a linked home or `/tmp` on a Mac, are the user's own.
 */
function linkedOut(path: string, declaredIn: string): LinkedOut | null {
  const root = rootOf(declaredIn)
  const { root: top } = parse(path)
  let real = top
  for (const name of relative(top, dirname(path)).split(sep)) {
    const next = join(real, name)
    const stats = stepOf(next)
    if (stats === null) return null
    if (!stats.isSymbolicLink()) {
      real = next
      continue
    }
    const target = realOr(next, null)
    // Nobody knows where a link will lead that leads nowhere yet.
    if (target === null) return isInside(next, root) ? { link: next, target: 'nowhere' } : null
    if (isInside(real, root) && !isInside(target, root)) return { link: next, target }
    real = target
  }
  return null
}

/** Where the file really is, with no link in the path of its folder. */
function realPath(path: string): string {
  const folder = realOr(dirname(path), dirname(path))
  return join(folder, path.slice(dirname(path).length).replace(/^[\\/]/, ''))
}

/** Throws a Failure (refused) where a link of the repository leads a store's file out of it, and the user has not allowed that place. */
export function refuseLinkedOut(
  { path, declaredIn }: { readonly path: string; readonly declaredIn: string },
  allowed: readonly string[],
): void {
  const out = linkedOut(path, declaredIn)
  if (out === null) return
  const real = realPath(path)
  if (isAllowedPath(real, allowed)) return
  throw new Failure(
    'refused',
    `${path} is led out of its repository by the symbolic link ${out.link} (to ${out.target}).`,
    {
      hints: [
        'Remove the link.',
        `If you want the secret there, use that path, or allow it: --allow-path ${shellWord(real)}`,
      ],
    },
  )
}
