import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from './file-failure.ts'
import { askGit, isWhole } from './git.ts'

interface Listed {
  /** Of the index that was listed: git replaces that file whenever it writes it. */
  readonly index: string
  readonly names: Promise<ReadonlySet<string> | null>
}

const listed = new WeakMap<NodeJS.ProcessEnv, Map<string, Listed>>()

/** Null where git keeps it elsewhere, as in a linked worktree. */
async function indexOf(root: string): Promise<string | null> {
  const folder = await lstat(join(root, '.git')).catch(() => null)
  if (folder?.isDirectory() !== true) return null
  try {
    const found = await lstat(join(root, '.git', 'index'), { bigint: true })
    const { dev, ino, size, mtimeNs, ctimeNs } = found
    return found.isFile() ? [dev, ino, size, mtimeNs, ctimeNs].join() : null
  } catch (cause) {
    // Nothing was ever added; whatever else is in the way, git itself is to say.
    return errorCode(cause) === 'ENOENT' ? 'none' : null
  }
}

async function list(root: string, env: NodeJS.ProcessEnv): Promise<ReadonlySet<string> | null> {
  const answer = await askGit(root, 'ls-files', ['-z'], env)
  if (!isWhole(answer) || answer.code !== 0) return null
  const names = new Set<string>()
  for (const name of answer.stdout.split('\0')) {
    // Each folder above it too: a file in the place of a tracked folder counts as tracked.
    for (
      let end = name.length;
      end > 0 && !names.has(name.slice(0, end));
      end = name.lastIndexOf('/', end - 1)
    )
      names.add(name.slice(0, end))
  }
  return new Set([...names].map(name => name.normalize()))
}

/**
 * What git tracks in a repository, and the folders of it, from its root; listed once for as long as the index stays the same file, so that an
 * apply of many keys does not start git for each. Null where that cannot be had: git is asked about each file by itself then.
 */
export async function trackedNames(
  root: string,
  env: NodeJS.ProcessEnv,
): Promise<ReadonlySet<string> | null> {
  const index = await indexOf(root)
  if (index === null) return null
  const roots = listed.get(env) ?? new Map<string, Listed>()
  listed.set(env, roots)
  const known = roots.get(root)
  if (known?.index === index) return await known.names
  const names = list(root, env)
  roots.set(root, { index, names })
  return await names
}
