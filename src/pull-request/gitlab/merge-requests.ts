import type { Instant } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import { itemsAt, numberAt, textAt } from '../answer-fields.ts'
import type { ChangeRequest, MergedRequest } from '../port.ts'
import type { GitlabCalls } from './gitlab-calls.ts'

/** One project and how its API is called. */
export interface Project {
  readonly calls: GitlabCalls
  readonly id: number
  /** `/projects/12` */
  readonly path: string
}

/** A commit's full name, since it becomes part of paths. Throws a `Failure`. */
export function commitAt(value: unknown, ...path: readonly string[]): string {
  const found = textAt(value, ...path)
  if (found !== null && /^[0-9a-f]{40,64}$/.test(found)) return found
  throw new Failure('failed', `GitLab's answer has no commit at ${path.join('.')}`)
}

const states: Readonly<Record<string, ChangeRequest['state']>> = { opened: 'open', merged: 'merged' }

export async function headOf({ calls, path }: Project, number: number): Promise<string> {
  return commitAt(await calls.get(`${path}/merge_requests/${number}`), 'sha')
}

/** It comes from another project. */
export function isFork(request: unknown, { id }: Project): boolean {
  return numberAt(request, 'source_project_id') !== id || numberAt(request, 'target_project_id') !== id
}

/** The commit with the files after the merge: of a head that has all of the base, itself, else GitLab's own trial merge of exactly these two. */
async function mergeOf(
  { calls, path }: Project,
  number: number,
  base: string,
  head: string,
): Promise<string | null> {
  const query = new URLSearchParams({ from: head, to: base }).toString()
  const lacking = itemsAt(await calls.get(`${path}/repository/compare?${query}`), 'commits')
  if (lacking.length === 0) return head
  // 400: the two conflict.
  const trial = await calls.find(`${path}/merge_requests/${number}/merge_ref`, [400, 404])
  if (trial === null) return null
  const merge = commitAt(trial, 'commit_id')
  const parents = itemsAt(await calls.get(`${path}/repository/commits/${merge}`), 'parent_ids')
  return parents.length === 2 && parents[0] === base && parents[1] === head ? merge : null
}

export async function requestOf(project: Project, number: number): Promise<ChangeRequest> {
  const { calls, path } = project
  const request = await calls.get(`${path}/merge_requests/${number}`)
  const head = commitAt(request, 'sha')
  const branch = textAt(request, 'target_branch') ?? ''
  const tip = await calls.get(`${path}/repository/branches/${encodeURIComponent(branch)}`)
  const base = commitAt(tip, 'commit', 'id')
  const state = states[textAt(request, 'state') ?? ''] ?? 'closed'
  return {
    ...{ number, state, head, fork: isFork(request, project), base: { branch, commit: base } },
    merge: state === 'open' ? await mergeOf(project, number, base, head) : null,
  }
}

/** A branch has had at most that many commits to the configuration lately, or the oldest are not looked at. */
const mostCommits = 50

export async function mergedInto(
  project: Project,
  branch: string,
  since: Instant,
  paths: readonly string[],
): Promise<readonly MergedRequest[]> {
  const { calls, path } = project
  const commits = new Set<string>()
  for (const each of paths) {
    const query = new URLSearchParams({
      ...{ ref_name: branch, since: new Date(since).toISOString(), per_page: '100' },
      ...(each === '' ? {} : { path: each }),
    }).toString()
    for (const commit of await calls.list(`${path}/repository/commits?${query}`))
      commits.add(commitAt(commit, 'id'))
  }
  const found = new Map<number, MergedRequest>()
  for (const commit of [...commits].slice(0, mostCommits)) {
    const requests = await calls.list(`${path}/repository/commits/${commit}/merge_requests?per_page=100`)
    for (const request of requests) {
      const number = numberAt(request, 'iid')
      const mergedAt = Date.parse(textAt(request, 'merged_at') ?? '')
      const isOurs =
        textAt(request, 'state') === 'merged' &&
        textAt(request, 'target_branch') === branch &&
        !isFork(request, project)
      if (number === null || !isOurs || !Number.isFinite(mergedAt)) continue
      found.set(number, { number, head: commitAt(request, 'sha'), mergedAt })
    }
  }
  return [...found.values()].sort((a, b) => a.mergedAt - b.mergedAt || a.number - b.number)
}
