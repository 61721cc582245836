import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { GitRepository } from './git-repository.ts'
import { zipped } from './zip.ts'

export interface Comment {
  readonly id: number
  body: string
  readonly user: { login: string }
}
export interface Pull {
  readonly number: number
  readonly branch: string
  readonly base: string
  head: string
  state: 'open' | 'closed'
  mergedAt: string | null
  fork: boolean
  /** The commit that a review approved; a push takes that away, as a protected branch asks for. */
  approved: string | null
  readonly comments: Comment[]
}
export interface Check {
  readonly id: number
  readonly name: string
  readonly head_sha: string
  conclusion: string
  external_id: string
  readonly app: { readonly slug: string }
  readonly output: { readonly title: string; readonly summary: string }
}
export interface Issue {
  readonly number: number
  title: string
  body: string
  state: 'open' | 'closed'
  readonly comments: string[]
}
export interface Run {
  readonly id: number
  path: string
  event: string
  head_sha: string
  repository: { full_name: string }
  head_repository: { full_name: string }
  readonly artifacts: { readonly id: number; readonly name: string; archive: Buffer; expired: boolean }[]
}

/** GitHub's API over a bare repository: what a step of a workflow uses of it, with its limits, its pages and its permissions. */
export interface GithubServer {
  readonly url: string
  readonly git: GitRepository
  readonly token: string
  /** A token that may read alone, as a fork's job has it. */
  readonly readToken: string
  readonly pulls: Map<number, Pull>
  readonly checks: Check[]
  readonly issues: Issue[]
  readonly runs: Map<number, Run>
  /** `POST /repos/acme/agents/check-runs` and so on, without the query. */
  readonly calls: string[]
  /** What the server for artefacts was sent for an Authorization header. */
  readonly downloads: (string | undefined)[]
  /** Which pull request a commit of a branch came from. */
  readonly merges: Map<string, number>
  /** The same, without those that read. */
  writes(): readonly string[]
  /** Comes before every answer. */
  before: (call: string) => Promise<void>
  addArtefact(run: Run, name: string, file: string, content: string | Buffer): void
}

const name = 'acme/agents'
const base = `/repos/${name}`
const pageSize = 3
const longestBody = 65_536

class Refusal extends Error {
  readonly status: number
  constructor(status: number) {
    super(`refused with ${status}`)
    this.status = status
  }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, never>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return (text === '' ? {} : JSON.parse(text)) as Record<string, never>
}

function listening(t: Pick<Test, 'teardown'>, server: Server): Promise<string> {
  t.teardown(() => new Promise<void>(done => void server.close(() => done())))
  return new Promise(resolve =>
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    }),
  )
}

export async function githubServer(t: Pick<Test, 'teardown'>, git: GitRepository): Promise<GithubServer> {
  let next = 100
  const archives = new Map<number, Buffer>()
  const storage = createServer((request, response) => {
    github.downloads.push(request.headers.authorization)
    const archive = archives.get(Number(/\d+/.exec(request.url ?? '')?.[0]))
    response.writeHead(archive === undefined ? 404 : 200).end(archive)
  })
  const storageUrl = await listening(t, storage)

  function pullJson(pull: Pull): object {
    const tip = git.tip(pull.base)
    const merge = pull.state === 'open' ? git.tryMerge(tip, pull.head) : null
    return {
      number: pull.number,
      state: pull.state,
      merged: pull.mergedAt !== null,
      merged_at: pull.mergedAt,
      mergeable: pull.state === 'open' ? merge !== null : null,
      merge_commit_sha: merge,
      head: { sha: pull.head, ref: pull.branch, repo: { id: pull.fork ? 2 : 1 } },
      base: { ref: pull.base, sha: tip, repo: { id: 1, full_name: name } },
    }
  }

  function page(items: readonly unknown[], url: URL, response: ServerResponse, property?: string): unknown {
    const size = Math.min(Number(url.searchParams.get('per_page') ?? 30), pageSize)
    const number = Number(url.searchParams.get('page') ?? 1)
    if (items.length > number * size) {
      const following = new URL(url)
      following.searchParams.set('page', String(number + 1))
      response.setHeader('link', `<${following.href}>; rel="next", <${url.href}>; rel="last"`)
    }
    const part = items.slice((number - 1) * size, number * size)
    return property === undefined ? part : { total_count: items.length, [property]: part }
  }

  const pullOf = (number: string | undefined) => github.pulls.get(Number(number)) ?? refuse(404)
  const refuse = (status: number): never => {
    throw new Refusal(status)
  }
  const requireShort = (body: unknown) => {
    if (typeof body !== 'string' || body.length > longestBody) refuse(422)
    return body as string
  }

  type Route = (
    match: readonly string[],
    asked: { readonly url: URL; readonly body: Record<string, never>; readonly response: ServerResponse },
  ) => unknown
  const routes: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
    ['POST', /^\/graphql$/, () => ({ data: { viewer: { login: 'github-actions[bot]' } } })],
    ['GET', /^\/pulls\/(\d+)$/, ([number]) => pullJson(pullOf(number))],
    ['GET', /^\/git\/ref\/heads\/(.+)$/, ([branch = '']) => ({ object: { sha: git.tip(branch) } })],
    [
      'GET',
      /^\/compare\/(\w+)\.\.\.(\w+)$/,
      ([of = '', commit = '']) => ({ behind_by: git.behind(commit, of) }),
    ],
    [
      'GET',
      /^\/git\/commits\/(\w+)$/,
      ([sha = '']) => ({ sha, parents: git.parents(sha).map(parent => ({ sha: parent })) }),
    ],
    [
      'GET',
      /^\/git\/trees\/(\w+)$/,
      ([sha = '']) => ({
        sha,
        tree: git.tree(sha).map(entry => ({ ...entry, type: 'blob' })),
        truncated: false,
      }),
    ],
    [
      'GET',
      /^\/git\/blobs\/(\w+)$/,
      ([sha = '']) => ({ sha, encoding: 'base64', content: git.blob(sha).toString('base64') }),
    ],
    [
      'GET',
      /^\/issues\/(\d+)\/comments$/,
      ([number], { url, response }) => page(pullOf(number).comments, url, response),
    ],
    [
      'POST',
      /^\/issues\/(\d+)\/comments$/,
      ([number], { body }) => {
        const text = requireShort(body['body'])
        const issue = github.issues.find(each => each.number === Number(number))
        if (issue !== undefined) return issue.comments.push(text)
        const comment = { id: (next += 1), body: text, user: { login: 'github-actions[bot]' } }
        pullOf(number).comments.push(comment)
        return comment
      },
    ],
    [
      'PATCH',
      /^\/issues\/comments\/(\d+)$/,
      ([id], { body }) => {
        const all = [...github.pulls.values()].flatMap(({ comments }) => comments)
        const comment = all.find(each => each.id === Number(id)) ?? refuse(404)
        comment.body = requireShort(body['body'])
        return comment
      },
    ],
    [
      'DELETE',
      /^\/issues\/comments\/(\d+)$/,
      ([id]) => {
        for (const { comments } of github.pulls.values()) {
          const at = comments.findIndex(each => each.id === Number(id))
          if (at >= 0) comments.splice(at, 1)
        }
        return null
      },
    ],
    [
      'GET',
      /^\/commits\/(\w+)\/check-runs$/,
      ([sha], { url, response }) => {
        const own = github.checks.filter(
          check => check.head_sha === sha && check.name === url.searchParams.get('check_name'),
        )
        return page(own, url, response, 'check_runs')
      },
    ],
    [
      'POST',
      /^\/check-runs$/,
      (_, { body }) => {
        const check = { ...body, id: (next += 1), app: { slug: 'github-actions' } } as unknown as Check
        if (check.output.summary.length > 65_535) refuse(422)
        github.checks.push(check)
        return check
      },
    ],
    [
      'GET',
      /^\/commits$/,
      (_, { url, response }) => {
        const { searchParams } = url
        const commits = git.log(searchParams.get('sha') ?? '', searchParams.get('path') ?? '.')
        return page(
          commits.map(sha => ({ sha })),
          url,
          response,
        )
      },
    ],
    [
      'GET',
      /^\/commits\/(\w+)\/pulls$/,
      ([sha = ''], { url, response }) =>
        page(
          [...github.pulls.values()].filter(pull => merges.get(sha) === pull.number).map(pullJson),
          url,
          response,
        ),
    ],
    ['GET', /^\/actions\/runs\/(\d+)$/, ([id]) => github.runs.get(Number(id)) ?? refuse(404)],
    [
      'GET',
      /^\/actions\/runs\/(\d+)\/artifacts$/,
      ([id], { url, response }) => {
        const { artifacts } = github.runs.get(Number(id)) ?? refuse(404)
        const listed = artifacts.map(each => ({
          id: each.id,
          name: each.name,
          expired: each.expired,
          size_in_bytes: each.archive.length,
        }))
        return page(listed, url, response, 'artifacts')
      },
    ],
    [
      'GET',
      /^\/actions\/artifacts\/(\d+)\/zip$/,
      ([id], { response }) => {
        response.statusCode = 302
        response.setHeader('location', `${storageUrl}/archive/${id ?? ''}`)
        return null
      },
    ],
    [
      'GET',
      /^\/issues$/,
      (_, { url, response }) => {
        const open = github.issues.filter(({ state }) => state === 'open')
        return page(
          open.map(issue => ({ ...issue, user: { login: 'github-actions[bot]' } })),
          url,
          response,
        )
      },
    ],
    [
      'POST',
      /^\/issues$/,
      (_, { body }) => {
        const issue: Issue = {
          number: (next += 1),
          title: String(body['title']),
          body: requireShort(body['body']),
          state: 'open',
          comments: [],
        }
        github.issues.push(issue)
        return issue
      },
    ],
    [
      'PATCH',
      /^\/issues\/(\d+)$/,
      ([number], { body }) =>
        Object.assign(github.issues.find(each => each.number === Number(number)) ?? refuse(404), body),
    ],
  ]

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', github.url)
    const method = request.method ?? ''
    const call = `${method} ${url.pathname}`
    github.calls.push(call)
    await github.before(call)
    const token = request.headers.authorization?.replace('Bearer ', '')
    if (token !== github.token && token !== github.readToken) refuse(401)
    const isRead = method === 'GET' || url.pathname === '/graphql'
    if (token === github.readToken && !isRead) refuse(403)
    const path = url.pathname.startsWith(base) ? url.pathname.slice(base.length) : url.pathname
    for (const [its, pattern, route] of routes) {
      const match = its === method ? pattern.exec(path) : null
      if (match === null) continue
      const found = route(match.slice(1), { url, body: await bodyOf(request), response })
      response.setHeader('content-type', 'application/json')
      response.end(found === null ? '' : JSON.stringify(found))
      return
    }
    refuse(404)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(error instanceof Refusal ? error.status : 500).end('{}')
      if (!(error instanceof Refusal)) github.calls.push(`defect: ${String(error)}`)
    })
  })
  const merges = new Map<string, number>()
  const github: GithubServer = {
    url: await listening(t, server),
    git,
    token: 'ghs_workflow',
    readToken: 'ghs_fork',
    pulls: new Map(),
    checks: [],
    issues: [],
    runs: new Map(),
    calls: [],
    downloads: [],
    merges,
    writes: () => github.calls.filter(call => !/^GET |\/graphql$/.test(call)),
    before: async () => undefined,
    addArtefact: (run, artefact, file, content) => {
      const id = (next += 1)
      const archive = zipped(file, content)
      archives.set(id, archive)
      run.artifacts.push({ id, name: artefact, archive, expired: false })
    },
  }
  return github
}
