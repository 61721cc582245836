import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { Transform } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { type Milliseconds, second } from '../model/duration.ts'
import { BadHeader, type Incoming, type Outgoing, type Transport } from './transport.ts'

/** How long a connection may take to come about. */
const connectTimeout: Milliseconds = 10 * second

/** Servers close connections that nobody uses after 5 seconds, as a rule: what may just be closing is not used for a write. */
const idleTimeout: Milliseconds = 4 * second

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/** More encodings than that, one over the other, nobody sends who means well. */
const maximumEncodings = 3

/** The body without its encodings, the last one first. What is encoded in an unknown way stays as it is. */
async function* decoded(answer: http.IncomingMessage): AsyncGenerator<Uint8Array> {
  const encodings = (answer.headers['content-encoding'] ?? '').toLowerCase().split(',')
  const steps = encodings.flatMap(each => decoders[each.trim()] ?? []).reverse()
  if (steps.length > maximumEncodings) throw new Error('too many encodings')
  let stream: http.IncomingMessage | Transform = answer
  for (const step of steps) {
    const from: http.IncomingMessage | Transform = stream
    const to = step()
    from.on('error', error => to.destroy(error))
    to.on('close', () => from.destroy())
    stream = from.pipe(to)
  }
  for await (const chunk of stream) yield chunk as Uint8Array
}

function incomingOf(answer: http.IncomingMessage): Incoming {
  return {
    status: answer.statusCode ?? 0,
    header: name => answer.headersDistinct[name]?.join(', ') ?? null,
    body: decoded(answer),
  }
}

/** Calls `connected` as soon as something can be sent, and ends a request whose connection does not come about. */
function whenConnected(request: http.ClientRequest, socket: Socket, connected: () => void): void {
  if (!socket.connecting) {
    connected()
    return
  }
  const timer = setTimeout(() => {
    request.destroy(Object.assign(new Error('no connection'), { code: 'ERR_CONNECT_TIMEOUT' }))
  }, connectTimeout)
  const stop = () => clearTimeout(timer)
  socket.once('connect', stop)
  socket.once('close', stop)
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', connected)
}

function open({ method, url, headers, signal }: Outgoing, agent: http.Agent): http.ClientRequest {
  const library = url.startsWith('https:') ? https : http
  try {
    return library.request(url, { method, headers: { ...headers, 'accept-encoding': 'gzip' }, agent, signal })
  } catch {
    throw new BadHeader()
  }
}

/** Node's own HTTP client, which costs a small part of what `fetch` does to load. Connections are used again while they are fresh. */
export function networkTransport(baseUrl: string): { readonly transport: Transport; close(): void } {
  const { Agent } = baseUrl.startsWith('https:') ? https : http
  const agent = new Agent({ keepAlive: true, timeout: idleTimeout })
  const transport: Transport = outgoing => {
    return new Promise((resolve, reject) => {
      const request = open(outgoing, agent)
      const send = () => {
        try {
          outgoing.requireLease?.()
          request.end(outgoing.body ?? undefined)
        } catch (cause) {
          request.destroy(cause as Error)
        }
      }
      request.on('socket', socket => whenConnected(request, socket, send))
      request.on('error', reject)
      request.on('response', answer => resolve(incomingOf(answer)))
    })
  }
  return { transport, close: () => agent.destroy() }
}
