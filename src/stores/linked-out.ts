import { lstat, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, parse, relative, sep } from 'node:path'
import { Failure } from '../model/failure.ts'
import { isAllowedPath } from '../model/store-path.ts'
import { errorCode, fileFailure } from './file-failure.ts'

/** A symbolic link in the path of a file, and the folder outside of the repository that it leads to. */
interface LinkedOut {
  readonly link: string
  readonly target: string
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/**
 * Where the author of a configuration may have made the links: the folder with `.git` in it at or above the folder of the file, or
 * that folder itself. Git is not asked.
 */
async function rootOf(folder: string): Promise<string> {
  const real = await realpath(folder).catch(() => folder)
  for (let root = real; ; root = dirname(root)) {
    const git = await lstat(join(root, '.git')).catch(() => null)
    if (git !== null) return root
    if (dirname(root) === root) return real
  }
}

/**
 * The first link on the way to `path` that lies in the repository of the declaring file and leads out of it; null where there is
 * none. Links outside of the repository, such as a linked home or `/tmp` on a Mac, are the user's own.
 */
async function linkedOut(path: string, declaredIn: string): Promise<LinkedOut | null> {
  const root = await rootOf(declaredIn)
  const { root: top } = parse(path)
  let real = top
  for (const name of relative(top, dirname(path)).split(sep)) {
    const next = join(real, name)
    const stats = await lstat(next).catch((error: unknown) => {
      if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return null
      throw fileFailure('look at', next, error)
    })
    if (stats === null) return null
    if (!stats.isSymbolicLink()) {
      real = next
      continue
    }
    const target = await realpath(next).catch(() => null)
    // Nobody knows where a link will lead that leads nowhere yet.
    if (target === null) return isInside(next, root) ? { link: next, target: 'nowhere' } : null
    if (isInside(real, root) && !isInside(target, root)) return { link: next, target }
    real = target
  }
  return null
}

/** Where the file really is, with no link in the path of its folder. */
async function realPath(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch(() => dirname(path))
  return join(folder, path.slice(dirname(path).length).replace(/^[\\/]/, ''))
}

/** Throws a Failure (refused) where a link of the repository leads a store's file out of it, and the user has not allowed that place. */
export async function refuseLinkedOut(
  { path, declaredIn }: { readonly path: string; readonly declaredIn: string },
  allowed: readonly string[],
): Promise<void> {
  const out = await linkedOut(path, declaredIn)
  if (out === null) return
  const real = await realPath(path)
  if (isAllowedPath(real, allowed)) return
  throw new Failure(
    'refused',
    `${path} is led out of its repository by the symbolic link ${out.link} (to ${out.target}).`,
    {
      hints: [
        'Remove the link.',
        `If you want the secret there, use that path, or allow it: --allow-path ${real}`,
      ],
    },
  )
}
