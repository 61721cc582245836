import { numberAt, textAt, valueAt } from '../answer-fields.ts'
import { Failure } from '../../model/failure.ts'
import type { CodeHost, CommittedFile, Issues, Notes } from '../port.ts'
import type { GitlabCalls } from './gitlab-calls.ts'
import { planFilesOf } from './job-artifacts.ts'
import { type Project, headOf, mergedInto, requestOf } from './merge-requests.ts'
import { gitlabRecords } from './statuses.ts'

/** A note has at most that many characters. Source: https://docs.gitlab.com/administration/instance_limits/#size-of-comments-and-descriptions-of-issues-merge-requests-and-epics */
const noteLimit = 1_000_000
/** A page is a part of the job's log, which takes 4 MB by default. Source: https://docs.gitlab.com/runner/configuration/advanced-configuration/ (output_limit) */
const pageLimit = 340_000
const largestFile = 16 * 1024 * 1024

const kinds: Readonly<Record<string, CommittedFile['kind']>> = {
  '100644': 'file',
  '100755': 'file',
  '120000': 'link',
  '160000': 'submodule',
}

function requireText(value: unknown, name: string): string {
  const found = textAt(value, name)
  if (found !== null) return found
  throw new Failure('failed', `GitLab's answer lacks ${name}`)
}

async function filesOf({ calls, path }: Project, commit: string): Promise<readonly CommittedFile[]> {
  const query = new URLSearchParams({ ref: commit, recursive: 'true', per_page: '100', pagination: 'keyset' })
  const entries = await calls.list(`${path}/repository/tree?${query.toString()}`)
  return entries.flatMap(entry => {
    const kind = kinds[textAt(entry, 'mode') ?? '']
    return kind === undefined
      ? []
      : [{ path: requireText(entry, 'path'), kind, id: requireText(entry, 'id') }]
  })
}

function gitlabNotes({ calls, path }: Project): Notes {
  const notes = (request: number) => `${path}/merge_requests/${request}/notes`
  return {
    limit: noteLimit,
    list: async request => {
      const found = await calls.list(`${notes(request)}?sort=asc&order_by=created_at&per_page=100`)
      return found
        .filter(note => valueAt(note, 'system') !== true)
        .map(note => ({
          id: String(numberAt(note, 'id') ?? 0),
          author: textAt(note, 'author', 'username') ?? '',
          text: textAt(note, 'body') ?? '',
        }))
    },
    write: async (request, text) => {
      await calls.send('POST', notes(request), { body: text })
    },
    edit: async (request, { id }, text) => {
      await calls.send('PUT', `${notes(request)}/${id}`, { body: text })
    },
    remove: async (request, { id }) => {
      await calls.send('DELETE', `${notes(request)}/${id}`)
    },
  }
}

function gitlabIssues({ calls, path }: Project, author: () => Promise<string>): Issues {
  return {
    open: async () => {
      const own = await author()
      const query = new URLSearchParams({ state: 'opened', author_username: own, per_page: '100' }).toString()
      const issues = await calls.list(`${path}/issues?${query}`)
      return issues
        .filter(issue => textAt(issue, 'author', 'username') === own)
        .map(issue => ({
          id: String(numberAt(issue, 'iid') ?? 0),
          text: textAt(issue, 'description') ?? '',
        }))
    },
    write: async (title, description) => {
      await calls.send('POST', `${path}/issues`, { title, description })
    },
    edit: async ({ id }, description) => {
      await calls.send('PUT', `${path}/issues/${id}`, { description })
    },
    close: async ({ id }, text) => {
      await calls.send('POST', `${path}/issues/${id}/notes`, { body: text })
      await calls.send('PUT', `${path}/issues/${id}`, { state_event: 'close' })
    },
  }
}

export interface GitlabProject {
  readonly id: number
  readonly defaultBranch: string
  /** The page of the job that runs; null: unknown. */
  readonly jobUrl: string | null
}

/** GitLab's answers to what the core asks. */
export function gitlabHost(calls: GitlabCalls, { id, defaultBranch, jobUrl }: GitlabProject): CodeHost {
  const project: Project = { calls, id, path: `/projects/${id}` }
  let asked: Promise<string> | null = null
  const author = () => {
    asked ??= calls.get('/user').then(user => requireText(user, 'username'))
    return asked
  }
  return {
    words: { request: 'merge request', sign: '!' },
    hints: {
      credential: [
        'Set the variable FLUXLOOP_API_KEY in the settings of the project.',
        'A protected variable is there for protected branches alone.',
      ],
      occasion: ['Run it in pipelines of the default branch: on push, or by a schedule.'],
      checkOut: ['Let the job check the repository out: GIT_STRATEGY: fetch'],
    },
    pageLimit,
    author,
    request: number => requestOf(project, number),
    head: number => headOf(project, number),
    files: commit => filesOf(project, commit),
    content: async file =>
      await calls.download(
        `${project.path}/repository/blobs/${encodeURIComponent(file.id)}/raw`,
        largestFile,
      ),
    notes: gitlabNotes(project),
    records: gitlabRecords(project, author, jobUrl),
    issues: gitlabIssues(project, author),
    merged: (branch, since, paths) => mergedInto(project, branch, since, paths),
    planFiles: (request, record) => planFilesOf(project, defaultBranch, request, record),
  }
}
