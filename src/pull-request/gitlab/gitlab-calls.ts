import { setTimeout as wait } from 'node:timers/promises'
import { second } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import type { Secret } from '../../model/secret.ts'
import { pauseOf } from '../pause.ts'
import { readBytes } from '../read-bytes.ts'

/** GitLab's API, with one token. Paths begin after `/api/v4`. */
export interface GitlabCalls {
  /** The JSON of an answer. */
  get(path: string): Promise<unknown>
  /** The same; null where GitLab answers with one of these statuses. */
  find(path: string, absent: readonly number[]): Promise<unknown>
  /** All items of a list, page by page. */
  list(path: string): Promise<readonly unknown[]>
  send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<unknown>
  /** Bytes, at most `largest`. Follows one redirect, and sends no token there. */
  download(path: string, largest: number): Promise<Uint8Array>
}

interface Surroundings {
  /** `https://gitlab.com/api/v4`, without a slash at its end. */
  readonly url: string
  readonly token: Secret
  readonly userAgent: string
  readonly fetch: (request: Request) => Promise<Response>
}

const largestAnswer = 24 * 1024 * 1024
/** Of 100 items each: a tree of 20,000 files. */
const mostPages = 200
const timeout = 30 * second
const mostTries = 4
/** Whoever is asked to wait for longer fails instead: a job costs money. */
const longestPause = 60 * second

const withoutQuery = (path: string) => path.split('?')[0] ?? ''

function failureOf(method: string, path: string, status: number): Failure {
  const what = `${method} ${withoutQuery(path)}`
  if (status === 401)
    return new Failure('authentication', `GitLab does not accept the token (401 for ${what})`, {
      hints: ['FLUXLOOP_KEYS_TOKEN takes a project access token with the scope api, which may have ended.'],
    })
  if (status === 403 || (status === 404 && method !== 'GET'))
    return new Failure('permission', `GitLab does not allow ${what} (${status})`, {
      hints: ['The token of FLUXLOOP_KEYS_TOKEN needs the scope api and the role Developer.'],
    })
  if (status === 404)
    return new Failure('not-found', `GitLab has nothing at ${what}`, {
      hints: ['It may be hidden from the token, which needs the scope api and the role Developer.'],
    })
  const code = status === 429 ? 'rate-limited' : status >= 500 ? 'network' : 'failed'
  return new Failure(code, `GitLab answered ${status} to ${what}`)
}

/** The path of the next page; null: this is the last one. What lies at another origin is not a page of ours, and an incomplete list no list. */
function nextPage(link: string | null, url: string, path: string): string | null {
  const next = /<([^<>]{1,4000})>;\s*rel="next"/.exec(link ?? '')?.[1]
  if (next === undefined) return null
  if (next.startsWith(`${url}/`)) return next.slice(url.length)
  throw new Failure('failed', `GitLab's list at ${withoutQuery(path)} goes on at another address`)
}

export function gitlabCalls({ url, token, userAgent, fetch }: Surroundings): GitlabCalls {
  const authorized = () => ({ 'private-token': token.reveal(), 'user-agent': userAgent })

  /** One answer, whatever its status; only what may be done twice is tried again. */
  async function answer(method: string, whole: string, path: string, init: RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const request = new Request(whole, { ...init, method, signal: AbortSignal.timeout(timeout) })
      let response: Response
      try {
        response = await fetch(request)
      } catch (cause) {
        if (method !== 'GET' || attempt >= mostTries)
          throw new Failure('network', `GitLab cannot be reached for ${method} ${withoutQuery(path)}`, {
            cause,
          })
        await wait(2 ** attempt * 250)
        continue
      }
      const pause = pauseOf(response, attempt)
      // A limit refuses before anything is done; after another fault a write may have been done.
      const again = response.status === 429 || (response.status >= 500 && method === 'GET')
      if (!again || attempt >= mostTries || pause > longestPause) return response
      await response.body?.cancel()
      await wait(pause)
    }
  }

  async function call(method: string, path: string, body?: object): Promise<Response> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    return await answer(method, url + path, path, {
      headers: { ...authorized(), ...json },
      redirect: 'manual',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  async function read(response: Response, method: string, path: string): Promise<unknown> {
    if (!response.ok) {
      await response.body?.cancel()
      throw failureOf(method, path, response.status)
    }
    const bytes = await readBytes(response, largestAnswer)
    if (bytes === null) throw new Failure('failed', `GitLab's answer to ${withoutQuery(path)} is too large`)
    const text = new TextDecoder().decode(bytes)
    try {
      return text === '' ? null : (JSON.parse(text) as unknown)
    } catch (cause) {
      throw new Failure('network', `GitLab's answer to ${withoutQuery(path)} is not JSON`, { cause })
    }
  }

  return {
    get: async path => await read(await call('GET', path), 'GET', path),
    find: async (path, absent) => {
      const response = await call('GET', path)
      if (!absent.includes(response.status)) return await read(response, 'GET', path)
      await response.body?.cancel()
      return null
    },
    list: async path => {
      const items: unknown[] = []
      let page: string | null = path
      for (let count = 0; page !== null; count += 1) {
        if (count === mostPages)
          throw new Failure(
            'failed',
            `GitLab's list at ${withoutQuery(path)} has more than ${mostPages} pages`,
          )
        const response = await call('GET', page)
        const link = response.headers.get('link')
        const found = await read(response, 'GET', path)
        if (!Array.isArray(found))
          throw new Failure('failed', `GitLab's answer to ${withoutQuery(path)} is not a list`)
        items.push(...(found as unknown[]))
        page = nextPage(link, url, path)
      }
      return items
    },
    send: async (method, path, body) => await read(await call(method, path, body), method, path),
    download: async (path, largest) => {
      let response = await call('GET', path)
      const location = response.headers.get('location')
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel()
        const target = new URL(location, url + path)
        // What has no TLS is taken from where GitLab itself has none: a server on this machine.
        if (target.protocol !== 'https:' && target.protocol !== new URL(url).protocol)
          throw new Failure('failed', `GitLab leads ${withoutQuery(path)} to an address without TLS`)
        response = await answer('GET', target.href, path, {
          headers: { 'user-agent': userAgent },
          redirect: 'error',
        })
      }
      if (!response.ok) {
        await response.body?.cancel()
        throw failureOf('GET', path, response.status)
      }
      const bytes = await readBytes(response, largest)
      if (bytes === null) throw new Failure('failed', `What GitLab has at ${withoutQuery(path)} is too large`)
      return bytes
    },
  }
}
