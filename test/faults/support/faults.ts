import { gzipSync } from 'node:zlib'
import { second } from '../../../src/model/duration.ts'
import type { FaultName } from './fault-table.ts'
import { withoutSecret } from '../../support/replay.ts'
import { type Exchange, type Fault, deliver } from './wire.ts'

const json = { 'content-type': 'application/json' }

/** Breaks the connection the hard way: the other side sees ECONNRESET. */
function reset({ outgoing }: Exchange): void {
  outgoing.socket?.resetAndDestroy()
}

/** Answers with an error of the platform, and does not carry the request out. */
function refusal(
  status: number,
  headers: Record<string, string> | (() => Record<string, string>) = {},
): Fault {
  return ({ outgoing }) => {
    const more = typeof headers === 'function' ? headers() : headers
    outgoing.writeHead(status, { ...json, ...more })
    outgoing.end(JSON.stringify({ detail: `refused with ${status}` }))
  }
}

/** Carries the request out, and answers with something else. */
function bent(bend: (answer: Response, exchange: Exchange) => Promise<void> | void): Fault {
  return async exchange => bend(await exchange.commit(), exchange)
}

/** The head of an answer, as it goes over the wire. */
function head(answer: Response, length: number): string {
  return [
    `HTTP/1.1 ${answer.status} Whatever`,
    ...[...answer.headers]
      .filter(([name]) => name !== 'content-length')
      .map(([name, value]) => `${name}: ${value}`),
    ...(answer.status === 204 ? [] : [`content-length: ${length}`]),
    '',
    '',
  ].join('\r\n')
}

async function raw(
  answer: Response,
  { outgoing }: Exchange,
  send: (head: (length: number) => string, body: Buffer) => Buffer | string,
): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer())
  const { socket } = outgoing
  socket?.end(send(length => head(answer, length), body))
}

type Json = Record<string, unknown>

/** Cursors that a faulty answer speaks of, and no platform knows. */
const ours: ReadonlySet<string | null> = new Set(['again', 'one', 'two'])

/** Does this request follow a faulty answer to where that led? */
export function isMisled({ url }: Request): boolean {
  return ours.has(new URL(url).searchParams.get('cursor'))
}

/** Cuts a list into pages of our own making. */
function paged(pages: (keys: readonly Json[], cursor: string | null) => Json): Fault {
  return async ({ request, commit, outgoing }) => {
    const url = new URL(request.url)
    const cursor = url.searchParams.get('cursor')
    if (isMisled(request)) url.searchParams.delete('cursor')
    const answer = await commit(new Request(url, { headers: request.headers }))
    const { api_keys: keys } = (await answer.json()) as { api_keys: readonly Json[] }
    await deliver(Response.json(pages(keys, cursor), { headers: answer.headers }), outgoing)
  }
}

const isSubject = ({ name }: Json) => name === 'Agents'

/** A gigabyte and more, in less than two megabytes: sixty-four times the same member. */
function bomb(): Buffer {
  const member = gzipSync(Buffer.alloc(16 * 1_048_576, ' '), { level: 9 })
  return Buffer.concat(Array.from({ length: 64 }, () => member))
}
let packed: Buffer | null = null

function shiftedClock(milliseconds: number): Fault {
  return bent(async (answer, { outgoing }) => {
    const date = new Date(Date.parse(answer.headers.get('date') ?? '') + milliseconds).toUTCString()
    await deliver(
      new Response(answer.status === 204 ? null : await answer.text(), {
        status: answer.status,
        headers: { ...Object.fromEntries(answer.headers), date },
      }),
      outgoing,
    )
  })
}

const day = 86_400 * second

/** What happens to one request. */
export const faults: Readonly<Record<FaultName, Fault>> = {
  'reset before the commit': reset,
  'reset during the commit': exchange => {
    reset(exchange)
    exchange.later(exchange.commit)
  },
  'reset after the commit': bent((_, exchange) => reset(exchange)),
  'truncated body': bent((answer, exchange) =>
    raw(answer, exchange, (head, body) =>
      answer.status === 204
        ? head(0).slice(0, -9)
        : Buffer.concat([Buffer.from(head(body.length)), body.subarray(0, body.length / 2)]),
    ),
  ),
  '200 without a secret': bent(async (answer, { outgoing }) =>
    deliver(await withoutSecret(answer), outgoing),
  ),
  '500 without a commit': refusal(500),
  '500 with a commit': bent((_, exchange) => refusal(500)(exchange)),
  '409': refusal(409),
  '412': refusal(412),
  '422': refusal(422),
  '429 with seconds': refusal(429, { 'retry-after': '3' }),
  '429 with a date': refusal(429, () => ({
    'retry-after': new Date(Date.now() + 4 * second).toUTCString(),
    date: new Date().toUTCString(),
  })),
  '429 with nothing': refusal(429),
  '503': refusal(503, { 'retry-after': '2' }),
  'redirect to another origin': ({ outgoing, elsewhere, request }) => {
    outgoing.writeHead(307, { location: `${elsewhere}${new URL(request.url).pathname}` }).end()
  },
  'HTML for JSON, without a commit': ({ outgoing }) => {
    outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to our hotel</html>')
  },
  'HTML for JSON, with a commit': bent((_, { outgoing }) => {
    outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to our hotel</html>')
  }),
  'length too long': bent((answer, exchange) =>
    raw(answer, exchange, (head, body) => Buffer.concat([Buffer.from(head(body.length + 10)), body])),
  ),
  'length too short': bent((answer, exchange) =>
    raw(answer, exchange, (head, body) =>
      Buffer.concat([Buffer.from(head(Math.max(0, body.length - 10))), body]),
    ),
  ),
  'slow drip': bent((_, { outgoing }) => {
    outgoing.writeHead(200, json)
    const drip = setInterval(() => outgoing.write(' '), 20)
    outgoing.on('close', () => clearInterval(drip))
  }),
  'gzip bomb': bent((_, { outgoing }) => {
    packed ??= bomb()
    outgoing.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(packed)
  }),
  'page lost': paged(keys => ({ api_keys: keys.filter(key => !isSubject(key)), next_cursor: null })),
  'page of older keys lost': paged(keys => ({
    api_keys: keys.filter(key => !isSubject(key) || / pending /.test(String(key['description']))),
    next_cursor: null,
  })),
  'page repeated': paged((keys, cursor) => ({
    api_keys: keys.filter(key => !isSubject(key)),
    next_cursor: cursor === 'again' ? null : 'again',
  })),
  'cursor loop': paged((keys, cursor) => ({
    api_keys: ours.has(cursor) ? [] : keys,
    next_cursor: cursor === 'one' ? 'two' : 'one',
  })),
  'clock a day ahead': shiftedClock(day),
  'clock a day behind': shiftedClock(-day),
}
