import { setTimeout as wait } from 'node:timers/promises'
import { type Instant, second } from '../../model/duration.ts'
import type { ChangeRequest, MergedRequest } from '../port.ts'
import type { GithubCalls } from './github-calls.ts'
import { itemsAt, numberAt, requireCommit, requireText, textAt, valueAt } from '../answer-fields.ts'

/** `acme/agents` and how its API is called. */
export interface Repository {
  readonly calls: GithubCalls
  /** `owner/name` */
  readonly name: string
  /** `/repos/owner/name` */
  readonly path: string
}

/** GitHub merges a pull request to try it, and takes a moment. */
const pauses = [0, 1, 2, 4]

/** A branch or path as a part of a URL, its slashes kept. */
export function inPath(text: string): string {
  return text.split('/').map(encodeURIComponent).join('/')
}

function stateOf(pull: unknown): ChangeRequest['state'] {
  if (valueAt(pull, 'merged') === true) return 'merged'
  return textAt(pull, 'state') === 'open' ? 'open' : 'closed'
}

export async function headOf({ calls, path }: Repository, number: number): Promise<string> {
  return requireCommit(await calls.get(`${path}/pulls/${number}`), 'head', 'sha')
}

/** The commit with the files after the merge: of a head that has all of the base, itself, else GitHub's own trial merge of exactly these two. */
async function mergeOf(
  { calls, path }: Repository,
  pull: unknown,
  base: string,
  head: string,
): Promise<string | null> {
  const comparison = await calls.get(`${path}/compare/${base}...${head}?per_page=1`)
  if (numberAt(comparison, 'behind_by') === 0) return head
  const number = numberAt(pull, 'number')
  for (const pause of pauses) {
    await wait(pause * second)
    const now = pause === 0 ? pull : await calls.get(`${path}/pulls/${number ?? 0}`)
    if (valueAt(now, 'mergeable') === false) return null
    const merge = textAt(now, 'merge_commit_sha')
    if (merge === null || !/^[0-9a-f]{40,64}$/.test(merge)) continue
    const parents = itemsAt(await calls.get(`${path}/git/commits/${merge}`), 'parents')
    const [ours, theirs] = parents.map(parent => textAt(parent, 'sha'))
    if (parents.length === 2 && ours === base && theirs === head) return merge
  }
  return null
}

export async function requestOf(repository: Repository, number: number): Promise<ChangeRequest> {
  const { calls, path } = repository
  const pull = await calls.get(`${path}/pulls/${number}`)
  const head = requireCommit(pull, 'head', 'sha')
  const branch = requireText(pull, 'base', 'ref')
  // What the pull request says of its base may be as old as its last push.
  const tip = await calls.get(`${path}/git/ref/heads/${inPath(branch)}`)
  const base = requireCommit(tip, 'object', 'sha')
  const own = numberAt(pull, 'base', 'repo', 'id')
  const fork = own === null || numberAt(pull, 'head', 'repo', 'id') !== own
  const state = stateOf(pull)
  return {
    ...{ number, state, head, fork, base: { branch, commit: base } },
    merge: state === 'open' ? await mergeOf(repository, pull, base, head) : null,
  }
}

/** A branch has had at most that many commits to the configuration lately, or the oldest are not looked at. */
const mostCommits = 50

export async function mergedInto(
  { calls, path, name }: Repository,
  branch: string,
  since: Instant,
  paths: readonly string[],
): Promise<readonly MergedRequest[]> {
  const query = (each: string) =>
    new URLSearchParams({
      ...{ sha: branch, since: new Date(since).toISOString(), per_page: '100' },
      ...(each === '' ? {} : { path: each }),
    }).toString()
  const commits = new Set<string>()
  for (const each of paths)
    for (const commit of await calls.list(`${path}/commits?${query(each)}`))
      commits.add(requireCommit(commit, 'sha'))
  const found = new Map<number, MergedRequest>()
  for (const commit of [...commits].slice(0, mostCommits)) {
    for (const pull of await calls.list(`${path}/commits/${commit}/pulls?per_page=100`)) {
      const number = numberAt(pull, 'number')
      const mergedAt = Date.parse(textAt(pull, 'merged_at') ?? '')
      const isOurs =
        textAt(pull, 'base', 'ref') === branch && textAt(pull, 'base', 'repo', 'full_name') === name
      if (number === null || !isOurs || !Number.isFinite(mergedAt)) continue
      found.set(number, { number, head: requireCommit(pull, 'head', 'sha'), mergedAt })
    }
  }
  return [...found.values()].sort((a, b) => a.mergedAt - b.mergedAt || a.number - b.number)
}
