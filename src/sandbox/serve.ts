import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { largestBody } from './body.ts'
import { type Sandbox, addressHeader } from './sandbox.ts'

interface SandboxServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string
  /** Ends open connections too. */
  close(): Promise<void>
}

/** Serves the sandbox over HTTP, on loopback only. Port 0 takes any free one. Rejects where the port is taken. */
export async function serveSandbox(
  sandbox: Sandbox,
  options: { readonly port: number; readonly host?: '127.0.0.1' },
): Promise<SandboxServer> {
  const server = createServer((incoming, outgoing) => {
    // A connection that ends in the middle of its request has nobody left to tell.
    answer(sandbox, incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.listen(options.port, options.host ?? '127.0.0.1')
  await once(server, 'listening')
  const { address, port } = server.address() as AddressInfo
  return {
    url: `http://${address}:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(sandbox: Sandbox, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = await received(incoming)
  let request: Request
  try {
    request = fetchRequest(incoming, body)
  } catch {
    outgoing.writeHead(400, { 'content-type': 'application/json', connection: 'close' })
    outgoing.end(JSON.stringify({ detail: 'Malformed request' }))
    return
  }
  const response = await sandbox.handle(request)
  const content = Buffer.from(await response.arrayBuffer())
  // What was not read of a body that is too large must not be taken for the next request.
  if (body.length > largestBody) outgoing.setHeader('connection', 'close')
  if (response.status !== 204) outgoing.setHeader('content-length', content.length)
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  outgoing.end(content)
}

/** The body, or as much of it as shows that it is too large. */
async function received(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > largestBody) break
  }
  return Buffer.concat(chunks)
}

function fetchRequest(incoming: IncomingMessage, body: Buffer): Request {
  const { url = '/', method = 'GET' } = incoming
  if (!url.startsWith('/')) throw new TypeError('The target of a request is a path')
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  headers.set(addressHeader, incoming.socket.remoteAddress ?? '127.0.0.1')
  const hasBody = method !== 'GET' && method !== 'HEAD' && body.length > 0
  return new Request(`http://127.0.0.1${url}`, { method, headers, ...(hasBody ? { body } : {}) })
}
