import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../../src/model/failure.ts'
import type { StackSource } from '../file/fleet.ts'
import { isCommit } from '../file/git-source.ts'
import type { CheckoutPlace } from './checkout-place.ts'
import type { Git } from './checkout-git.ts'
import { tooLarge } from './git-failure.ts'

export type GitSource = Extract<StackSource, { kind: 'git' }>

/** What a revision stands for at the host. */
export interface Wanted {
  /** What is fetched: the name of a reference, or a commit. */
  readonly name: string
  readonly commit: string
}

/** Where the commit that was fetched is noted. */
const fetched = 'refs/fluxloop/fetched'

function namesOf(revision: string): readonly string[] {
  return revision.startsWith('refs/') ? [revision] : [`refs/heads/${revision}`, `refs/tags/${revision}`]
}

/** Asks the host which commit a branch or tag is at. A commit needs no question. */
export async function askForCommit({ url, revision }: GitSource, git: Git): Promise<Wanted> {
  if (isCommit(revision)) return { name: revision, commit: revision }
  const names = namesOf(revision)
  // An annotated tag is an object of its own; the commit is what it is peeled to.
  const patterns = names.flatMap(name => [name, `${name}^{}`])
  const printed = await git.run('list branches and tags', ['ls-remote', '--quiet', '--', url, ...patterns])
  const commits = new Map<string, string>()
  for (const line of printed.toString('utf8').split('\n')) {
    const [commit = '', name = ''] = line.split('\t')
    // The patterns of git also match the ends of longer names.
    if (isCommit(commit) && patterns.includes(name)) commits.set(name, commit)
  }
  const found = names.filter(name => commits.has(name))
  const [name] = found
  if (name === undefined)
    throw new Failure('not-found', `The repository has neither a branch nor a tag ${revision}`, {
      hints: ['Correct `revision` in the fleet file. A commit is named by all of its digits.'],
    })
  if (found.length > 1)
    throw new Failure('configuration', `${revision} is both a branch and a tag`, {
      hints: [`Write refs/heads/${revision} or refs/tags/${revision} in the fleet file.`],
    })
  return { name, commit: commits.get(`${name}^{}`) ?? commits.get(name) ?? '' }
}

async function sizeOf(folder: string): Promise<number> {
  let size = 0
  for (const name of await readdir(folder, { recursive: true }).catch(() => []))
    size += (await lstat(join(folder, name)).catch(() => null))?.size ?? 0
  return size
}

/**
 * Fetches that one commit, without its history, into the repository of the stack, which is made where it is missing and made anew where it
 * has grown or is broken: a run may have been killed while it wrote there. Resolves to the commit that came, which may be a newer one.
 */
export async function fetchRevision(
  wanted: Wanted,
  { url }: GitSource,
  place: CheckoutPlace,
  git: Git,
): Promise<string> {
  const { repository } = place
  const isOld = (await lstat(repository).catch(() => null)) !== null
  if (isOld && (await sizeOf(repository)) < git.limits.bytes / 2) {
    try {
      return await fetchInto(repository, wanted, url, git)
    } catch (error) {
      const isFinal = error instanceof Failure && ['interrupted', 'refused'].includes(error.code)
      if (isFinal || !git.hasTime()) throw error
    }
  }
  await rm(repository, { recursive: true, force: true })
  const format = wanted.commit.length === 64 ? 'sha256' : 'sha1'
  await git.run('make a repository', [
    ...['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--', repository],
  ])
  return await fetchInto(repository, wanted, url, git)
}

/** What grew beyond the limit is removed. Of git that was ended for it, nobody else says so. */
async function requireSmall(repository: string, { limits }: Git): Promise<void> {
  if ((await sizeOf(repository)) < limits.bytes) return
  await rm(repository, { recursive: true, force: true })
  throw tooLarge('The repository', limits.bytes)
}

async function fetchInto(repository: string, wanted: Wanted, url: string, git: Git): Promise<string> {
  const inside = `--git-dir=${repository}`
  try {
    await git.run('fetch the repository', [
      ...[inside, 'fetch', '--quiet', '--no-progress', '--depth=1', '--no-tags', '--no-recurse-submodules'],
      ...[
        '--no-write-fetch-head',
        '--no-auto-maintenance',
        '--force',
        '--',
        url,
        `+${wanted.name}:${fetched}`,
      ],
    ])
  } catch (error) {
    await requireSmall(repository, git)
    throw error
  }
  await requireSmall(repository, git)
  const printed = await git.run('name the commit', [
    ...[inside, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${fetched}^{commit}`],
  ])
  const commit = printed.toString('utf8').trim()
  if (!isCommit(commit)) throw new Failure('failed', 'git named no commit')
  return commit
}
