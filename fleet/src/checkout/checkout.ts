import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Milliseconds, minute } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import { withFileLock } from '../../../src/stores/file-lock.ts'
import { refuseGitUrl } from '../file/git-source.ts'
import {
  type CheckoutPlace,
  openPlace,
  placeName,
  placeTree,
  requireOwnFolder,
  treeOf,
} from './checkout-place.ts'
import { type GitSource, askForCommit, fetchRevision } from './fetch-revision.ts'
import { tooLarge } from './git-failure.ts'
import { type CheckoutLimits, type Git, openGit } from './checkout-git.ts'
import { readTree } from './list-tree.ts'
import { isFolderBelow, order, treeWriter } from './write-tree.ts'

/** The files of a commit, which stay as they are until the next checkout of the same stack. */
export interface Checkout {
  /** Absolute: the folder of the stack's configuration. */
  readonly folder: string
  /** Absolute: the root of the repository. It has no `.git`. */
  readonly root: string
  readonly commit: string
}

export interface CheckoutSurroundings {
  /** Where all checkouts lie; absolute, and nobody else's. It is made where it is missing. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal | null
  readonly limits?: Partial<CheckoutLimits>
  /** How long to wait for another run that checks out the same stack. */
  readonly patience?: Milliseconds
  /** For tests: repositories of this machine, by file:// URLs. No fleet file can say so. */
  readonly allowsFile?: true
}

const usualLimits: CheckoutLimits = { time: 2 * minute, bytes: 256 * 1_048_576, files: 20_000 }

/** Of the name of a stack, git has only a hash in its paths; the URL is checked here once more, whoever read it before. */
function requireUrl({ url }: GitSource, allowsFile: boolean): void {
  if (allowsFile && /^file:\/\/\/[\w./-]+$/.test(url)) return
  const refusal = refuseGitUrl(url)
  if (refusal !== null) throw new Failure('configuration', refusal.message, { hints: [refusal.hint] })
}

/**
 * Fetches the wanted revision of a stack's repository, and writes its files, and nothing of it takes effect: no hook, filter, attribute,
 * submodule, LFS object or setting, and no file may be run. Where the commit is there already, nothing is fetched. Rejects with a Failure
 * where it cannot be had, is beyond the limits, or holds a link that leads out of it; then the former commit stays as it was. One run at a
 * time checks out a stack, in this process and on this machine.
 */
export async function checkOut(
  stack: string,
  source: GitSource,
  surroundings: CheckoutSurroundings,
): Promise<Checkout> {
  const { folder, env, signal, patience = 2 * minute } = surroundings
  const transports = surroundings.allowsFile === true ? 'with file' : 'https and ssh'
  requireUrl(source, transports === 'with file')
  const limits = { ...usualLimits, ...surroundings.limits }
  await requireOwnFolder(folder)
  return await withFileLock(
    join(folder, placeName(stack)),
    async () => {
      const place = await openPlace(folder, stack, source.url)
      const git = await openGit(place, limits, { env, signal, transports })
      const wanted = await askForCommit(source, git)
      let { commit } = wanted
      if (!(await isThere(treeOf(place, commit)))) {
        commit = await fetchRevision(wanted, source, place, git)
        if (!(await isThere(treeOf(place, commit)))) await writeCommit(commit, source, place, git)
      }
      return await checkoutOf(commit, source, place)
    },
    { patience },
  )
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null
}

async function checkoutOf(commit: string, source: GitSource, place: CheckoutPlace): Promise<Checkout> {
  const root = treeOf(place, commit)
  if (!(await isFolderBelow(root, source.path)))
    throw new Failure('not-found', `The repository has no folder ${source.path} at ${commit.slice(0, 12)}`, {
      hints: ['Correct `path` in the fleet file.'],
    })
  return { folder: join(root, source.path), root, commit }
}

function isWithin(path: string, folder: string): boolean {
  return folder === '.' || path === folder || path.startsWith(`${folder}/`) || folder.startsWith(`${path}/`)
}

async function writeCommit(commit: string, source: GitSource, place: CheckoutPlace, git: Git): Promise<void> {
  const inside = `--git-dir=${place.repository}`
  const printed = await git.run('list files', [inside, 'ls-tree', '-r', '-z', '-l', '--full-tree', commit])
  const { files, submodules } = readTree(printed)
  // A configuration that misses a part would have the keys of that part revoked.
  const missing = submodules.find(path => isWithin(path, source.path))
  if (missing !== undefined)
    throw new Failure(
      'refused',
      `The submodule "${missing}" belongs to the configuration, and none is fetched`,
      {
        hints: ['Put the files themselves there, or make the submodule a stack of its own.'],
      },
    )
  const size = files.reduce((sum, file) => sum + file.size, 0)
  if (size > git.limits.bytes) throw tooLarge('The checked-out repository', git.limits.bytes)
  if (files.length > git.limits.files)
    throw new Failure(
      'refused',
      `The repository has more than ${git.limits.files.toLocaleString('en')} files`,
      {
        hints: ['Keep the configuration in a repository of its own.'],
      },
    )
  await placeTree(place, commit, async draft => {
    const writer = treeWriter(draft, files)
    try {
      const input = order(files)
        .map(({ object }) => `${object}\n`)
        .join('')
      if (files.length > 0)
        await git.run('read files', [inside, 'cat-file', '--batch'], { input, take: writer.take })
      await writer.finish()
    } finally {
      await writer.close()
    }
  })
}
