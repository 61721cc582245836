import { once } from 'node:events'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request on its way over a real socket, and all that a fault may do with it. */
export interface Exchange {
  readonly request: Request
  readonly outgoing: ServerResponse
  /** Has the platform carry it out, or another one in its place. Resolves to the answer. */
  readonly commit: (other?: Request) => Promise<Response>
  /** Does it once the next request was answered, or when the wire is closed. */
  readonly later: (work: () => Promise<unknown>) => void
  /** The URL of another origin, where nobody has any business. */
  readonly elsewhere: string
}

export type Fault = (exchange: Exchange) => Promise<void> | void

/** What stands between the program and the platform. */
export interface Wire {
  readonly url: string
  /** Which fault hits this request; null: it passes. */
  fault: (request: Request) => Fault | null
  /** `POST /api/api-keys` and so on, ids left out. */
  readonly requests: string[]
  /** What came in at the other origin. */
  readonly strays: string[]
  /** Does everything that a fault put off. */
  catchUp(): Promise<void>
  close(): Promise<void>
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

async function received(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const { url = '/', method = 'GET' } = incoming
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct))
    for (const value of values ?? []) headers.append(name, value)
  const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }
  return new Request(`http://127.0.0.1${url}`, { method, headers, ...body })
}

/** Sends an answer on as it is. */
export async function deliver(answer: Response, outgoing: ServerResponse): Promise<void> {
  const content = Buffer.from(await answer.arrayBuffer())
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
  outgoing.end(content)
}

/** Serves a platform on loopback, and another origin next to it. */
export async function openWire(handle: (request: Request) => Promise<Response>): Promise<Wire> {
  const strays: string[] = []
  const elsewhere = createServer((incoming, outgoing) => {
    strays.push(`${incoming.method ?? ''} ${JSON.stringify(incoming.headers)}`)
    outgoing.end('{}')
  })
  const elsewhereUrl = await listening(elsewhere)
  let putOff: (() => Promise<unknown>)[] = []
  const catchUp = async () => {
    const works = putOff
    putOff = []
    for (const work of works) await work()
  }
  const requests: string[] = []

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await received(incoming)
    requests.push(`${request.method} ${new URL(request.url).pathname.replace(/key_\w+/, ':id')}`)
    const commit = (other = request) => handle(other.clone())
    const fault = wire.fault(request)
    const late = putOff
    putOff = []
    if (fault === null) await deliver(await commit(), outgoing)
    else
      await fault({
        request,
        outgoing,
        commit,
        later: work => void putOff.push(work),
        elsewhere: elsewhereUrl,
      })
    for (const work of late) await work()
  }
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy())
  })
  const wire: Wire = {
    url: await listening(server),
    fault: () => null,
    requests,
    strays,
    catchUp,
    close: async () => {
      await catchUp()
      await Promise.all([closed(server), closed(elsewhere)])
    },
  }
  return wire
}
