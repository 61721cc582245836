import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { GitRepository } from './git-repository.ts'

export interface GitlabNote {
  readonly id: number
  body: string
  readonly author: { readonly username: string }
  readonly system: boolean
}
export interface MergeRequest {
  readonly iid: number
  readonly branch: string
  head: string
  state: 'opened' | 'merged' | 'closed'
  mergedAt: string | null
  readonly source: number
  readonly notes: GitlabNote[]
}
export interface CommitStatus {
  readonly id: number
  readonly sha: string
  readonly name: string
  readonly status: string
  readonly description: string
  readonly author: { readonly username: string }
}
export interface GitlabIssue {
  readonly iid: number
  readonly title: string
  description: string
  state: 'opened' | 'closed'
  readonly notes: string[]
}
export interface GitlabJob {
  readonly id: number
  name: string
  readonly pipeline: { readonly id: number; source: string; ref: string; sha: string }
  archive: Buffer | null
}

/** GitLab's API over a bare repository: what the template's jobs use of it, with its limits, its pages and its roles. */
export interface GitlabServer {
  /** `http://127.0.0.1:1234/api/v4` */
  readonly url: string
  readonly token: string
  readonly requests: Map<number, MergeRequest>
  readonly statuses: CommitStatus[]
  readonly issues: GitlabIssue[]
  readonly jobs: Map<number, GitlabJob>
  /** Which merge request a commit of a branch came from. */
  readonly merges: Map<string, number>
  /** `POST /projects/1/statuses/SHA` and so on, without the query. */
  readonly calls: string[]
  writes(): readonly string[]
  /** The tokens that the store of artifacts was sent. */
  readonly downloads: (string | undefined)[]
  /** Lines of notes that GitLab would have obeyed: `/approve`. */
  readonly obeyed: string[]
  before: (call: string) => Promise<void>
}

export const projectId = 1
export const botName = 'project_1_bot_keys'
const base = `/api/v4/projects/${projectId}`
const pageSize = 3

class Refusal extends Error {
  readonly status: number
  constructor(status: number) {
    super(`refused with ${status}`)
    this.status = status
  }
}
const refuse = (status: number): never => {
  throw new Refusal(status)
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, string>>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return (text === '' ? {} : JSON.parse(text)) as Record<string, string>
}

export async function gitlabServer(t: Pick<Test, 'teardown'>, git: GitRepository): Promise<GitlabServer> {
  let next = 100
  const id = () => (next += 1)

  function requestJson(request: MergeRequest): object {
    return {
      iid: request.iid,
      state: request.state,
      sha: request.head,
      target_branch: 'main',
      source_branch: request.branch,
      source_project_id: request.source,
      target_project_id: projectId,
      merged_at: request.mergedAt,
    }
  }

  function page(items: readonly unknown[], url: URL, response: ServerResponse): unknown {
    const size = Math.min(Number(url.searchParams.get('per_page') ?? 20), pageSize)
    const number = Number(url.searchParams.get('page') ?? 1)
    if (items.length > number * size) {
      const following = new URL(url)
      following.searchParams.set('page', String(number + 1))
      response.setHeader('link', `<${following.href}>; rel="next", <${url.href}>; rel="first"`)
    }
    return items.slice((number - 1) * size, number * size)
  }

  const requestOf = (iid: string | undefined) => gitlab.requests.get(Number(iid)) ?? refuse(404)
  const jobOf = (number: string | undefined) => gitlab.jobs.get(Number(number)) ?? refuse(404)
  const noteText = (body: string | undefined) => {
    if (body === undefined || body === '' || body.length > 1_000_000) return refuse(400)
    // Outside of code, GitLab takes such lines for commands and leaves them out.
    const bare = body.replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, '')
    gitlab.obeyed.push(...(bare.match(/^\/[a-z_]+.*$/gm) ?? []))
    return body
  }

  type Route = (
    match: readonly string[],
    asked: {
      readonly url: URL
      readonly body: Readonly<Record<string, string>>
      readonly response: ServerResponse
    },
  ) => unknown
  const routes: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
    ['GET', /^\/api\/v4\/user$/, () => ({ username: botName })],
    ['GET', /^\/merge_requests\/(\d+)$/, ([iid]) => requestJson(requestOf(iid))],
    [
      'GET',
      /^\/merge_requests\/(\d+)\/merge_ref$/,
      ([iid]) => ({ commit_id: git.tryMerge(git.tip('main'), requestOf(iid).head) ?? refuse(400) }),
    ],
    [
      'GET',
      /^\/repository\/branches\/(.+)$/,
      ([branch = '']) => ({ commit: { id: git.tip(decodeURIComponent(branch)) } }),
    ],
    [
      'GET',
      /^\/repository\/compare$/,
      (_, { url: { searchParams } }) => ({
        commits: Array.from({
          length: git.behind(searchParams.get('from') ?? '', searchParams.get('to') ?? ''),
        }),
      }),
    ],
    ['GET', /^\/repository\/commits\/(\w+)$/, ([sha = '']) => ({ id: sha, parent_ids: git.parents(sha) })],
    [
      'GET',
      /^\/repository\/commits$/,
      (_, { url, response }) => {
        const { searchParams } = url
        const commits = git.log(searchParams.get('ref_name') ?? '', searchParams.get('path') ?? '.')
        return page(
          commits.map(sha => ({ id: sha })),
          url,
          response,
        )
      },
    ],
    [
      'GET',
      /^\/repository\/commits\/(\w+)\/merge_requests$/,
      ([sha = ''], { url, response }) =>
        page(
          [...gitlab.requests.values()].filter(({ iid }) => gitlab.merges.get(sha) === iid).map(requestJson),
          url,
          response,
        ),
    ],
    [
      'GET',
      /^\/repository\/tree$/,
      (_, { url, response }) => {
        const entries = git.tree(url.searchParams.get('ref') ?? '')
        return page(
          entries.map(({ mode, sha, path }) => ({ mode, id: sha, path, type: 'blob' })),
          url,
          response,
        )
      },
    ],
    ['GET', /^\/repository\/blobs\/(\w+)\/raw$/, ([sha = '']) => git.blob(sha)],
    [
      'GET',
      /^\/merge_requests\/(\d+)\/notes$/,
      ([iid], { url, response }) => page(requestOf(iid).notes, url, response),
    ],
    [
      'POST',
      /^\/merge_requests\/(\d+)\/notes$/,
      ([iid], { body }) => {
        const author = { username: botName }
        const note = { id: id(), body: noteText(body['body']), author, system: false }
        requestOf(iid).notes.push(note)
        return note
      },
    ],
    [
      'PUT',
      /^\/merge_requests\/(\d+)\/notes\/(\d+)$/,
      ([iid, number], { body }) => {
        const note = requestOf(iid).notes.find(each => each.id === Number(number)) ?? refuse(404)
        if (note.author.username !== botName) refuse(403)
        note.body = noteText(body['body'])
        return note
      },
    ],
    [
      'DELETE',
      /^\/merge_requests\/(\d+)\/notes\/(\d+)$/,
      ([iid, number]) => {
        const { notes } = requestOf(iid)
        const at = notes.findIndex(each => each.id === Number(number))
        if (at >= 0) notes.splice(at, 1)
        return null
      },
    ],
    [
      'GET',
      /^\/repository\/commits\/(\w+)\/statuses$/,
      ([sha], { url, response }) => {
        const name = url.searchParams.get('name')
        return page(
          gitlab.statuses.filter(each => each.sha === sha && each.name === name),
          url,
          response,
        )
      },
    ],
    [
      'POST',
      /^\/statuses\/(\w+)$/,
      ([sha = ''], { body }) => {
        const { name = '', state = '', description = '' } = body
        if (description.length > 255 || name === '') refuse(400)
        const status = { id: id(), sha, name, status: state, description, author: { username: botName } }
        gitlab.statuses.push(status)
        return status
      },
    ],
    [
      'GET',
      /^\/pipelines\/(\d+)$/,
      ([number]) =>
        [...gitlab.jobs.values()].find(({ pipeline }) => pipeline.id === Number(number))?.pipeline ??
        refuse(404),
    ],
    [
      'GET',
      /^\/jobs\/(\d+)$/,
      ([number]) => {
        const { archive, name, pipeline } = jobOf(number)
        const file = archive === null ? {} : { artifacts_file: { size: archive.length } }
        return { id: Number(number), name, pipeline: { id: pipeline.id }, ...file }
      },
    ],
    [
      'GET',
      /^\/jobs\/(\d+)\/artifacts$/,
      ([number], { response }) => {
        response.statusCode = 302
        response.setHeader('location', `${storageUrl}/${number ?? ''}`)
        return null
      },
    ],
    [
      'GET',
      /^\/issues$/,
      (_, { url, response }) =>
        page(
          gitlab.issues
            .filter(({ state }) => state === 'opened')
            .map(issue => ({ ...issue, author: { username: botName } })),
          url,
          response,
        ),
    ],
    [
      'POST',
      /^\/issues$/,
      (_, { body }) => {
        const { title = '', description = '' } = body
        const issue: GitlabIssue = {
          iid: id(),
          title,
          description: noteText(description),
          state: 'opened',
          notes: [],
        }
        gitlab.issues.push(issue)
        return issue
      },
    ],
    [
      'PUT',
      /^\/issues\/(\d+)$/,
      ([iid], { body }) => {
        const issue = gitlab.issues.find(each => each.iid === Number(iid)) ?? refuse(404)
        if (body['state_event'] === 'close') issue.state = 'closed'
        if (body['description'] !== undefined) issue.description = noteText(body['description'])
        return issue
      },
    ],
    [
      'POST',
      /^\/issues\/(\d+)\/notes$/,
      ([iid], { body }) => {
        const issue = gitlab.issues.find(each => each.iid === Number(iid)) ?? refuse(404)
        return issue.notes.push(noteText(body['body']))
      },
    ],
  ]

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', gitlab.url)
    const method = request.method ?? ''
    const path = url.pathname.startsWith(base) ? url.pathname.slice(base.length) : url.pathname
    const call = `${method} ${path}`
    gitlab.calls.push(call)
    await gitlab.before(call)
    if (request.headers['private-token'] !== gitlab.token) refuse(401)
    for (const [its, pattern, route] of routes) {
      const match = its === method ? pattern.exec(path) : null
      if (match === null) continue
      const found = route(match.slice(1), { url, body: await bodyOf(request), response })
      if (Buffer.isBuffer(found)) response.end(found)
      else response.end(found === null ? '' : JSON.stringify(found))
      return
    }
    refuse(404)
  }

  const listen = async (handle: (request: IncomingMessage, response: ServerResponse) => void) => {
    const server = createServer(handle)
    t.teardown(() => new Promise<void>(done => void server.close(() => done())))
    await new Promise<void>(done => void server.listen(0, '127.0.0.1', () => done()))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const storageUrl = await listen((request, response) => {
    gitlab.downloads.push(request.headers['private-token']?.toString())
    const { archive } = gitlab.jobs.get(Number(request.url?.slice(1))) ?? { archive: null }
    response.writeHead(archive === null ? 404 : 200).end(archive)
  })
  const gitlab: GitlabServer = {
    url: `${await listen((request, response) => {
      answer(request, response).catch((error: unknown) => {
        response.writeHead(error instanceof Refusal ? error.status : 500).end('{}')
        if (!(error instanceof Refusal)) gitlab.calls.push(`defect: ${String(error)}`)
      })
    })}/api/v4`,
    token: 'glpat-keys',
    requests: new Map(),
    statuses: [],
    issues: [],
    jobs: new Map(),
    merges: new Map(),
    calls: [],
    downloads: [],
    obeyed: [],
    writes: () => gitlab.calls.filter(call => !call.startsWith('GET ')),
    before: async () => undefined,
  }
  return gitlab
}
