import { setTimeout as wait } from 'node:timers/promises'
import { second } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import type { Secret } from '../../model/secret.ts'
import { pauseOf } from '../pause.ts'
import { readBytes } from '../read-bytes.ts'

/** GitHub's API, with one token. */
export interface GithubCalls {
  /** The JSON of an answer. */
  get(path: string): Promise<unknown>
  /** All items of a list, page by page; `name`: the property that holds them, where the answer is not the list itself. */
  list(path: string, name?: string): Promise<readonly unknown[]>
  send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<unknown>
  /** Follows one redirect, and sends no token there. At most `largest` bytes. */
  download(path: string, largest: number): Promise<Uint8Array>
  graphql(query: string): Promise<unknown>
}

interface Surroundings {
  /** `https://api.github.com`, without a slash at its end. */
  readonly url: string
  readonly graphqlUrl: string
  readonly token: Secret
  readonly userAgent: string
  readonly fetch: (request: Request) => Promise<Response>
}

/** Far above any answer that is read: a blob of 16 MB in base64. */
const largestAnswer = 24 * 1024 * 1024
/** Of 100 items each. */
const mostPages = 50
const timeout = 30 * second
const mostTries = 4
/** Whoever is asked to wait for longer fails instead: a job costs money. */
const longestPause = 60 * second

/** Limits that pass by themselves. */
function mayPass({ status, headers }: Response): boolean {
  return status === 429 || (status === 403 && headers.has('retry-after')) || status >= 500
}

const permissions: readonly (readonly [path: RegExp, permission: string])[] = [
  [/\/check-runs/, 'checks: write'],
  [/\/issues\/\d+\/comments|\/issues\/comments/, 'pull-requests: write'],
  [/\/issues/, 'issues: write'],
  [/\/actions\//, 'actions: read'],
  [/\/pulls/, 'pull-requests: read'],
  [/\/(git|contents|commits|compare)/, 'contents: read'],
]

function failureOf(method: string, path: string, status: number): Failure {
  const what = `${method} ${path.split('?')[0] ?? ''}`
  const needed = permissions.find(([pattern]) => pattern.test(path))?.[1]
  if (status === 401)
    return new Failure('authentication', `GitHub does not accept the token (401 for ${what})`, {
      hints: ['Leave github-token out, or give it a token of this repository.'],
    })
  if (status === 403 || (status === 404 && method !== 'GET'))
    return new Failure('permission', `GitHub does not allow ${what} (${status})`, {
      hints: needed === undefined ? [] : [`Give the job the permission, under permissions: ${needed}`],
    })
  if (status === 404)
    return new Failure('not-found', `GitHub has nothing at ${what}`, {
      hints: needed === undefined ? [] : [`It may be hidden from the token. The job needs: ${needed}`],
    })
  const code = status === 429 ? 'rate-limited' : status >= 500 ? 'network' : 'failed'
  return new Failure(code, `GitHub answered ${status} to ${what}`)
}

/** The path of the next page, which lies at the same origin or is not a page of ours. */
function nextPage(link: string | null, url: string): string | null {
  const next = /<([^<>]{1,2000})>;\s*rel="next"/.exec(link ?? '')?.[1]
  return next?.startsWith(`${url}/`) === true ? next.slice(url.length) : null
}

export function githubCalls({ url, graphqlUrl, token, userAgent, fetch }: Surroundings): GithubCalls {
  const headers = {
    accept: 'application/vnd.github+json',
    'user-agent': userAgent,
    'x-github-api-version': '2022-11-28',
  }

  /** One answer, whatever its status; only what may be done twice is tried again. */
  async function answer(method: string, whole: string, path: string, init: RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const request = new Request(whole, { ...init, method, signal: AbortSignal.timeout(timeout) })
      let response: Response
      try {
        response = await fetch(request)
      } catch (cause) {
        if (method === 'GET' && attempt < mostTries) {
          await wait(2 ** attempt * 250)
          continue
        }
        throw new Failure('network', `GitHub cannot be reached for ${method} ${path.split('?')[0] ?? ''}`, {
          cause,
        })
      }
      const pause = pauseOf(response, attempt)
      // A limit refuses before anything is done; after another fault a write may have been done.
      const again = method === 'GET' || response.status === 429 || response.status === 403
      if (!mayPass(response) || !again || attempt >= mostTries || pause > longestPause) return response
      await response.body?.cancel()
      await wait(pause)
    }
  }

  const authorized = (): RequestInit => ({
    headers: { ...headers, authorization: `Bearer ${token.reveal()}` },
    redirect: 'manual',
  })

  async function call(method: string, path: string, body?: object, whole = url + path): Promise<Response> {
    const response = await answer(method, whole, path, {
      ...authorized(),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (response.ok) return response
    await response.body?.cancel()
    throw failureOf(method, path, response.status)
  }

  async function json(response: Response, path: string): Promise<unknown> {
    const bytes = await readBytes(response, largestAnswer)
    if (bytes === null) throw new Failure('failed', `GitHub's answer to ${path} is too large`)
    const text = new TextDecoder().decode(bytes)
    try {
      return text === '' ? null : (JSON.parse(text) as unknown)
    } catch (cause) {
      throw new Failure('network', `GitHub's answer to ${path} is not JSON`, { cause })
    }
  }

  return {
    get: async path => await json(await call('GET', path), path),
    list: async (path, name) => {
      const items: unknown[] = []
      let page: string | null = path
      for (let count = 0; page !== null; count += 1) {
        if (count === mostPages)
          throw new Failure(
            'failed',
            `GitHub's list at ${path.split('?')[0] ?? ''} has more than ${mostPages} pages`,
          )
        const response = await call('GET', page)
        const answered = await json(response, path)
        const found =
          name === undefined ? answered : (answered as Readonly<Record<string, unknown>> | null)?.[name]
        if (!Array.isArray(found)) throw new Failure('failed', `GitHub's answer to ${path} is not a list`)
        items.push(...(found as unknown[]))
        page = nextPage(response.headers.get('link'), url)
      }
      return items
    },
    send: async (method, path, body) => await json(await call(method, path, body), path),
    download: async (path, largest) => {
      const first = await answer('GET', url + path, path, authorized())
      await first.body?.cancel()
      const location = first.headers.get('location')
      if (first.status !== 302 || location === null) throw failureOf('GET', path, first.status)
      const target = new URL(location, url + path)
      // What has no TLS is taken from where GitHub itself has none: a server on this machine.
      if (target.protocol !== 'https:' && target.protocol !== new URL(url).protocol)
        throw new Failure('failed', `GitHub leads ${path} to an address without TLS`)
      const response = await answer('GET', target.href, path, {
        redirect: 'error',
        headers: { 'user-agent': userAgent },
      })
      if (!response.ok) throw failureOf('GET', path, response.status)
      const bytes = await readBytes(response, largest)
      if (bytes === null) throw new Failure('failed', `What GitHub has at ${path} is too large`)
      return bytes
    },
    graphql: async query => await json(await call('POST', '/graphql', { query }, graphqlUrl), '/graphql'),
  }
}
