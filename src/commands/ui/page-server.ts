import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What is shown now. */
export interface Shown {
  readonly html: string
  /** What a page that is open asks for. */
  readonly data: string
}

export interface PageServer {
  /** With a token that works once; then a cookie lets the same browser in. */
  readonly url: string
  close(): Promise<void>
}

type Answer = readonly [status: number, headers: Readonly<Record<string, string>>, body: string]

const always = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

const plain = { 'content-type': 'text/plain; charset=utf-8' }
const html = { 'content-type': 'text/html; charset=utf-8' }

function isSame(a: string, b: string): boolean {
  const [first, second] = [a, b].map(text => createHash('sha256').update(text).digest())
  return first !== undefined && second !== undefined && timingSafeEqual(first, second)
}

function cookieOf({ headers }: IncomingMessage, name: string): string {
  const pairs = (headers.cookie ?? '').split(';').map(part => part.trim().split('='))
  return pairs.find(([key]) => key === name)?.[1] ?? ''
}

/** Another site may lead a reader here by a link, and nothing more; a name that leads to loopback is not one of ours (DNS rebinding). */
function isForeign({ headers }: IncomingMessage, authority: string): boolean {
  const { host, origin } = headers
  if (host !== authority) return true
  if (origin !== undefined && origin !== `http://${authority}`) return true
  const from = headers['sec-fetch-site']
  const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  return from !== undefined && from !== 'same-origin' && from !== 'none' && !isLink
}

/** Who reads a page of one's own keys needs a secret that other programs and users of this machine do not have. */
class Entrance {
  private token: string | null = randomBytes(24).toString('base64url')
  private readonly session = randomBytes(24).toString('base64url')
  private readonly cookie: string

  constructor(port: number) {
    // A browser gives cookies of one port to all ports of a host.
    this.cookie = `fluxloop-keys-${port}`
  }

  get way(): string {
    return `/?token=${this.token ?? ''}`
  }

  isOpenFor(request: IncomingMessage): boolean {
    return isSame(cookieOf(request, this.cookie), this.session)
  }

  /** The cookie for a token; null where it is wrong, or was used before. */
  enter(token: string): string | null {
    if (this.token === null || !isSame(token, this.token)) return null
    this.token = null
    return `${this.cookie}=${this.session}; HttpOnly; SameSite=Strict; Path=/`
  }
}

/** The address without the token. A link of another site would not bring the cookie along, so the page itself leads on. */
const onward =
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>fluxloop-keys</title>'

function answerTo(
  request: IncomingMessage,
  authority: string,
  entrance: Entrance,
  shown: Shown,
  policy: string,
): Answer {
  if (isForeign(request, authority)) return [403, plain, 'This page answers its own address alone.\n']
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return [405, { ...plain, allow: 'GET, HEAD' }, 'This page can be read, and nothing else.\n']
  const { pathname, searchParams } = new URL(request.url ?? '/', `http://${authority}`)
  const token = searchParams.get('token')
  const isIn = entrance.isOpenFor(request)
  if (pathname === '/' && token !== null && !isIn) {
    const cookie = request.method === 'GET' ? entrance.enter(token) : null
    if (cookie !== null)
      return [200, { ...html, 'set-cookie': cookie, 'content-security-policy': "default-src 'none'" }, onward]
  }
  if (!isIn)
    return [
      401,
      plain,
      'The address works once, in one browser. Start fluxloop-keys ui again for another one.\n',
    ]
  if (pathname === '/')
    return token === null
      ? [200, { ...html, 'content-security-policy': `${policy}; frame-ancestors 'none'` }, shown.html]
      : [303, { location: '/' }, '']
  if (pathname !== '/data') return [404, plain, 'Nothing is at this address.\n']
  const tag = `"${createHash('sha256').update(shown.data).digest('base64url').slice(0, 22)}"`
  if (request.headers['if-none-match'] === tag) return [304, { etag: tag }, '']
  return [200, { 'content-type': 'application/json', etag: tag }, shown.data]
}

/** Serves a page on loopback, read-only, to one browser. Port 0 takes any free one. Rejects where the port is taken. */
export async function servePage(show: () => Shown, policy: string, port: number): Promise<PageServer> {
  let entrance: Entrance | null = null
  const server = createServer((request, response: ServerResponse) => {
    const { port: own } = server.address() as AddressInfo
    const authority = `127.0.0.1:${own}`
    request.resume()
    let answer: Answer
    try {
      answer = entrance === null ? [503, plain, ''] : answerTo(request, authority, entrance, show(), policy)
    } catch {
      answer = [400, plain, 'The request makes no sense.\n']
    }
    const [status, headers, body] = answer
    response.writeHead(status, { ...always, ...headers })
    response.end(request.method === 'HEAD' ? '' : body)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: own } = server.address() as AddressInfo
  entrance = new Entrance(own)
  const { way } = entrance
  return {
    url: `http://127.0.0.1:${own}${way}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
