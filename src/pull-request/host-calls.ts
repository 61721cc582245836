import { setTimeout as wait } from 'node:timers/promises'
import { second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { pauseOf } from './pause.ts'
import { readBytes } from './read-bytes.ts'

/** How the API of a host is called, and what a refusal says. */
export interface HostApi {
  /** `GitHub` */
  readonly host: string
  /** Without a slash at its end. */
  readonly url: string
  readonly userAgent: string
  readonly fetch: (request: Request) => Promise<Response>
  /** With the token: of requests to `url` alone. */
  readonly headers: () => Readonly<Record<string, string>>
  /** A list of more pages is an error; each has 100 items at most. */
  readonly mostPages: number
  /** A limit that passes by itself: the host refuses before anything is done. */
  readonly isLimit: (response: Response) => boolean
  readonly hints: {
    readonly token: string
    readonly forbidden: (path: string) => readonly string[]
    readonly hidden: (path: string) => readonly string[]
  }
}

/** The API of a host, with one token. Each call rejects with a `Failure` that names the request without its query. */
export interface HostCalls {
  /** The JSON of an answer. */
  get(path: string): Promise<unknown>
  /** The same; null where the host answers with one of these statuses. */
  find(path: string, absent: readonly number[]): Promise<unknown>
  /** All items of a list, page by page; `property`: what holds them, where the answer is not the list itself. */
  list(path: string, property?: string): Promise<readonly unknown[]>
  /** `whole`: the address, where it does not begin with the API's. */
  send(
    method: 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
    whole?: string,
  ): Promise<unknown>
  /** At most `largest` bytes. Follows one redirect, and sends no token there. */
  download(path: string, largest: number): Promise<Uint8Array>
}

/** Far above any answer that is read: a blob of 16 MB in base64. */
const largestAnswer = 24 * 1024 * 1024
const timeout = 30 * second
const mostTries = 4
/** Whoever is asked to wait for longer fails instead: a job costs money. */
const longestPause = 60 * second

const withoutQuery = (path: string) => path.split('?')[0] ?? ''

function failureOf({ host, hints }: HostApi, method: string, path: string, status: number): Failure {
  const what = `${method} ${withoutQuery(path)}`
  if (status === 401)
    return new Failure('authentication', `${host} does not accept the token (401 for ${what})`, {
      hints: [hints.token],
    })
  if (status === 403 || (status === 404 && method !== 'GET'))
    return new Failure('permission', `${host} does not allow ${what} (${status})`, {
      hints: hints.forbidden(path),
    })
  if (status === 404)
    return new Failure('not-found', `${host} has nothing at ${what}`, { hints: hints.hidden(path) })
  const code = status === 429 ? 'rate-limited' : status >= 500 ? 'network' : 'failed'
  return new Failure(code, `${host} answered ${status} to ${what}`)
}

export function hostCalls(api: HostApi): HostCalls {
  const { host, url, userAgent, fetch } = api

  /** One answer, whatever its status; only what may be done twice is tried again. */
  async function answer(method: string, whole: string, path: string, init: RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const request = new Request(whole, { ...init, method, signal: AbortSignal.timeout(timeout) })
      let response: Response
      try {
        response = await fetch(request)
      } catch (cause) {
        if (method !== 'GET' || attempt >= mostTries)
          throw new Failure('network', `${host} cannot be reached for ${method} ${withoutQuery(path)}`, {
            cause,
          })
        await wait(2 ** attempt * 250)
        continue
      }
      const pause = pauseOf(response, attempt)
      // After another fault than a limit, a write may have been done.
      const again = api.isLimit(response) || (response.status >= 500 && method === 'GET')
      if (!again || attempt >= mostTries || pause > longestPause) return response
      await response.body?.cancel()
      await wait(pause)
    }
  }

  async function call(method: string, path: string, body?: object, whole = url + path): Promise<Response> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    return await answer(method, whole, path, {
      headers: { ...api.headers(), 'user-agent': userAgent, ...json },
      redirect: 'manual',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  async function bytesOf(
    response: Response,
    method: string,
    path: string,
    largest: number,
  ): Promise<Uint8Array> {
    if (!response.ok) {
      await response.body?.cancel()
      throw failureOf(api, method, path, response.status)
    }
    const bytes = await readBytes(response, largest)
    if (bytes === null) throw new Failure('failed', `${host}'s answer to ${withoutQuery(path)} is too large`)
    return bytes
  }

  async function read(response: Response, method: string, path: string): Promise<unknown> {
    const text = new TextDecoder().decode(await bytesOf(response, method, path, largestAnswer))
    try {
      return text === '' ? null : (JSON.parse(text) as unknown)
    } catch (cause) {
      throw new Failure('network', `${host}'s answer to ${withoutQuery(path)} is not JSON`, { cause })
    }
  }

  /** The path of the next page; null: this is the last one. What lies elsewhere is not a page of the list, and an incomplete list is none. */
  function nextPage(link: string | null, path: string): string | null {
    const next = /<([^<>]{1,4000})>;\s*rel="next"/.exec(link ?? '')?.[1]
    if (next === undefined) return null
    if (next.startsWith(`${url}/`)) return next.slice(url.length)
    throw new Failure('failed', `${host}'s list at ${withoutQuery(path)} goes on at another address`)
  }

  /** Where a redirect leads. What has no TLS is taken from where the host itself has none: a server on this machine. */
  function targetOf(location: string, path: string): string {
    const target = new URL(location, url + path)
    if (target.protocol !== 'https:' && target.protocol !== new URL(url).protocol)
      throw new Failure('failed', `${host} leads ${withoutQuery(path)} to an address without TLS`)
    return target.href
  }

  return {
    get: async path => await read(await call('GET', path), 'GET', path),
    find: async (path, absent) => {
      const response = await call('GET', path)
      if (!absent.includes(response.status)) return await read(response, 'GET', path)
      await response.body?.cancel()
      return null
    },
    list: async (path, property) => {
      const items: unknown[] = []
      let page: string | null = path
      for (let count = 0; page !== null; count += 1) {
        if (count === api.mostPages)
          throw new Failure('failed', `${host}'s list at ${withoutQuery(path)} has more than ${count} pages`)
        const response = await call('GET', page)
        const link = response.headers.get('link')
        const answered = await read(response, 'GET', path)
        const found =
          property === undefined
            ? answered
            : (answered as Readonly<Record<string, unknown>> | null)?.[property]
        if (!Array.isArray(found))
          throw new Failure('failed', `${host}'s answer to ${withoutQuery(path)} is not a list`)
        items.push(...(found as unknown[]))
        page = nextPage(link, path)
      }
      return items
    },
    send: async (method, path, body, whole) =>
      await read(await call(method, path, body, whole), method, path),
    download: async (path, largest) => {
      const first = await call('GET', path)
      const location = first.headers.get('location')
      if (first.status < 300 || first.status >= 400 || location === null)
        return await bytesOf(first, 'GET', path, largest)
      await first.body?.cancel()
      const target = targetOf(location, path)
      const init: RequestInit = { headers: { 'user-agent': userAgent }, redirect: 'error' }
      return await bytesOf(await answer('GET', target, path, init), 'GET', path, largest)
    },
  }
}
