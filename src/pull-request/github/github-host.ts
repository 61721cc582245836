import { Failure } from '../../model/failure.ts'
import type { CodeHost, CommittedFile, Issues, Notes } from '../port.ts'
import type { GithubCalls } from './github-calls.ts'
import { itemsAt, numberAt, requireText, textAt, valueAt } from '../answer-fields.ts'
import { planArtefacts } from './plan-artefacts.ts'
import { githubRecords } from './records.ts'
import { type Repository, headOf, inPath, mergedInto, requestOf } from './pull-requests.ts'

/** A comment has at most that many characters. Source: GitHub's answer to longer ones. */
const noteLimit = 65_536
/** The page of a step has at most 1 MiB, and a character up to three bytes. */
const pageLimit = 340_000

const kinds: Readonly<Record<string, CommittedFile['kind']>> = {
  '100644': 'file',
  '100755': 'file',
  '120000': 'link',
  '160000': 'submodule',
}

async function filesOf({ calls, path }: Repository, commit: string): Promise<readonly CommittedFile[]> {
  const tree = await calls.get(`${path}/git/trees/${commit}?recursive=1`)
  if (valueAt(tree, 'truncated') !== false)
    throw new Failure('failed', 'The repository has too many files for GitHub to list them at once', {
      hints: ['Keep the configuration in a repository of its own.'],
    })
  return itemsAt(tree, 'tree').flatMap(entry => {
    const kind = kinds[textAt(entry, 'mode') ?? '']
    return kind === undefined
      ? []
      : [{ path: requireText(entry, 'path'), kind, id: requireText(entry, 'sha') }]
  })
}

async function contentOf({ calls, path }: Repository, file: CommittedFile): Promise<Uint8Array> {
  const blob = await calls.get(`${path}/git/blobs/${inPath(file.id)}`)
  return Buffer.from(requireText(blob, 'content'), 'base64')
}

function githubNotes({ calls, path }: Repository): Notes {
  return {
    limit: noteLimit,
    list: async request => {
      const comments = await calls.list(`${path}/issues/${request}/comments?per_page=100`)
      return comments.map(comment => ({
        id: String(numberAt(comment, 'id') ?? 0),
        author: textAt(comment, 'user', 'login') ?? '',
        text: textAt(comment, 'body') ?? '',
      }))
    },
    write: async (request, text) => {
      await calls.send('POST', `${path}/issues/${request}/comments`, { body: text })
    },
    edit: async (_request, { id }, text) => {
      await calls.send('PATCH', `${path}/issues/comments/${id}`, { body: text })
    },
    remove: async (_request, { id }) => {
      await calls.send('DELETE', `${path}/issues/comments/${id}`)
    },
  }
}

function githubIssues({ calls, path }: Repository, author: () => Promise<string>): Issues {
  const comment = async (id: string, body: string) => {
    await calls.send('POST', `${path}/issues/${id}/comments`, { body })
  }
  return {
    open: async () => {
      const creator = await author()
      const query = new URLSearchParams({ state: 'open', creator, per_page: '100' }).toString()
      const issues = await calls.list(`${path}/issues?${query}`)
      return issues
        .filter(
          issue => valueAt(issue, 'pull_request') === undefined && textAt(issue, 'user', 'login') === creator,
        )
        .map(issue => ({ id: String(numberAt(issue, 'number') ?? 0), text: textAt(issue, 'body') ?? '' }))
    },
    write: async (title, body) => {
      await calls.send('POST', `${path}/issues`, { title, body })
    },
    edit: async ({ id }, body) => {
      await calls.send('PATCH', `${path}/issues/${id}`, { body })
    },
    close: async ({ id }, text) => {
      await comment(id, text)
      await calls.send('PATCH', `${path}/issues/${id}`, { state: 'closed' })
    },
  }
}

/** GitHub's answers to what the core asks. `repository`: `owner/name`; `workflow`: the file of the workflow that makes plans. */
export function githubHost(
  calls: GithubCalls,
  { name, workflow }: { readonly name: string; readonly workflow: string },
): CodeHost {
  const repository: Repository = { calls, name, path: `/repos/${inPath(name)}` }
  let asked: Promise<string> | null = null
  /** Most files of a pull request are those of its base. */
  const contents = new Map<string, Promise<Uint8Array>>()
  const author = () => {
    asked ??= calls
      .graphql('query { viewer { login } }')
      .then(answer => requireText(answer, 'data', 'viewer', 'login'))
    return asked
  }
  return {
    words: { request: 'pull request', sign: '#' },
    hints: {
      credential: ['Give the step one: env: { FLUXLOOP_API_KEY: ${{ secrets.FLUXLOOP_API_KEY }} }'],
      occasion: ['Run it on push, schedule or workflow_dispatch.'],
      checkOut: ['Check the repository out before this step: actions/checkout'],
    },
    pageLimit,
    author,
    request: number => requestOf(repository, number),
    head: number => headOf(repository, number),
    files: commit => filesOf(repository, commit),
    content: file => {
      const known = contents.get(file.id) ?? contentOf(repository, file)
      contents.set(file.id, known)
      return known
    },
    notes: githubNotes(repository),
    records: githubRecords(repository, author),
    issues: githubIssues(repository, author),
    merged: (branch, since, paths) => mergedInto(repository, branch, since, paths),
    planFiles: (request, record) => planArtefacts(repository, workflow, request, record),
  }
}
