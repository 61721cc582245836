import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import { createClient } from '../../src/platform/client.ts'
import type { ClientOptions, PlatformClient } from '../../src/platform/types.ts'
import { wireKey } from '../support/scripted-platform.ts'
import { networkTransport } from '../../src/platform/network-transport.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A server on loopback that ends with the test; resolves to its URL. */
async function serve(t: Test, handler: Handler): Promise<string> {
  const server: Server = createServer(handler)
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function clientOf(baseUrl: string, options: Partial<ClientOptions> = {}): PlatformClient {
  return createClient({
    baseUrl,
    credential: new Secret('flux_ci_abcdefghijklmnop'),
    userAgent: 'fluxloop-keys/test',
    transport: networkTransport(baseUrl).transport,
    random: () => 0,
    sleep: async () => undefined,
    now: Date.now,
    maxTries: 2,
    ...options,
  })
}

const json = { 'content-type': 'application/json' }

t.test('sends our own user agent over the network, and a body with its length', async t => {
  const seen: IncomingMessage[] = []
  const url = await serve(t, (request, response) => {
    seen.push(request)
    request.resume()
    response.writeHead(200, json).end(JSON.stringify(wireKey()))
  })
  await clientOf(url).update('key_abc123', { name: 'é' }, { ifMatch: '3' })
  t.match(seen[0]?.headers, {
    'user-agent': 'fluxloop-keys/test',
    'content-type': 'application/json',
    'content-length': '13',
    'if-match': '"3"',
    authorization: 'Bearer flux_ci_abcdefghijklmnop',
  })
})

t.test('follows no redirect: the other origin never sees the credential', async t => {
  let visits = 0
  const elsewhere = await serve(t, (_, response) => {
    visits++
    response.writeHead(200, json).end('[]')
  })
  for (const status of [301, 302, 303, 307, 308]) {
    let requests = 0
    const url = await serve(t, (request, response) => {
      requests++
      request.resume()
      response.writeHead(status, { location: `${elsewhere}/api/api-keys` }).end()
    })
    await t.rejects(clientOf(url).list(), {
      code: 'network',
      message: /redirects GET \/api\/api-keys elsewhere/,
    })
    await t.rejects(clientOf(url).regenerate('key_abc123', { ifMatch: null, idempotencyKey: 'i' }), {
      code: 'network',
    })
    t.equal(requests, 2, 'one try each')
  }
  t.equal(visits, 0)
})

t.test('ends a try whose answer drips on for ever', async t => {
  const url = await serve(t, (_, response) => {
    response.writeHead(200, json)
    const drip = setInterval(() => response.write(' '), 10)
    response.on('close', () => {
      clearInterval(drip)
    })
  })
  const client = clientOf(url, { timeoutMs: 200 })
  await t.rejects(client.list(), { code: 'network', message: /within 0\.2 seconds, after 2 tries/ })
  t.equal(client.requests(), 2)
})

t.test('ends a try that is never answered', async t => {
  const url = await serve(t, () => undefined)
  await t.rejects(clientOf(url, { timeoutMs: 100, maxTries: 1 }).list(), {
    code: 'network',
    message: /not answered/,
  })
})

t.test('tries again after an answer that was cut off, and after a connection that broke', async t => {
  const breaks: readonly Handler[] = [
    (request, response) => {
      response.writeHead(200, { ...json, 'content-length': '500' })
      response.write('{"id":')
      setImmediate(() => request.socket.destroy())
    },
    (request, response) => {
      response.writeHead(200, json)
      response.write('{"id":')
      setImmediate(() => request.socket.destroy())
    },
    (_, response) => response.writeHead(200, json).end('{"id":'),
    request => request.socket.destroy(),
    (_, response) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end('not gzip'),
  ]
  for (const [index, handler] of breaks.entries()) {
    let requests = 0
    const url = await serve(t, (request, response) => {
      if (requests++ === 0) handler(request, response)
      else response.writeHead(200, json).end(JSON.stringify(wireKey()))
    })
    t.equal((await clientOf(url).get('key_abc123')).id, 'key_abc123', `break ${index}`)
    t.equal(requests, 2)
    requests = 0
    const update = clientOf(url).update('key_abc123', { name: 'x' }, { ifMatch: null })
    await t.rejects(update, { code: 'network', ambiguous: true }, 'a write that may not be repeated says so')
    t.equal(requests, 1)
  }
})

t.test('bounds an answer after it is unpacked, and does not ask for it again', async t => {
  const bomb = gzipSync(Buffer.alloc(64 * 1_048_576, ' '))
  t.ok(bomb.byteLength < 100_000)
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(bomb)
  })
  const client = clientOf(url)
  await t.rejects(client.list(), { code: 'failed', message: /larger than 32 MB/ })
  await t.rejects(client.whoami(), { code: 'failed', message: /larger than 4 MB/ })
  t.equal(client.requests(), 2)
})

t.test('bounds an answer that is an error too, and still says which', async t => {
  const url = await serve(t, (_, response) => {
    response.writeHead(401, json).end(`{"detail": "${'x'.repeat(1_000_000)}"}`)
  })
  await t.rejects(clientOf(url).list(), { code: 'authentication', status: 401, message: /^Invalid API key/ })
})

t.test('reads an answer that is packed', async t => {
  const url = await serve(t, (_, response) => {
    response
      .writeHead(200, { ...json, 'content-encoding': 'gzip' })
      .end(gzipSync(JSON.stringify([wireKey()])))
  })
  t.equal((await clientOf(url).list()).keys.length, 1)
})

t.test('says that nothing listens, and that a name does not exist', async t => {
  const closed = createServer()
  await new Promise<void>(resolve => {
    closed.listen(0, '127.0.0.1', resolve)
  })
  const { port } = closed.address() as AddressInfo
  await new Promise(resolve => closed.close(resolve))
  const client = clientOf(`http://127.0.0.1:${port}`)
  await t.rejects(client.list(), {
    code: 'network',
    message: /nothing accepts the connection \(ECONNREFUSED\)$/,
  })
  t.equal(client.requests(), 1, 'at once')
  await t.rejects(clientOf('http://no-such-host.invalid').list(), {
    code: 'network',
    message: /no-such-host\.invalid/,
  })
})

t.test('is interrupted while it waits for an answer', async t => {
  const interrupt = new AbortController()
  const url = await serve(t, () => {
    interrupt.abort()
  })
  const client = clientOf(url, { signal: interrupt.signal })
  await t.rejects(client.revoke('key_abc123'), { code: 'interrupted', exitCode: 130, ambiguous: true })
  t.equal(client.requests(), 1)
})

t.test('sends no write whose lease ends while its connection comes about, and goes on reading', async t => {
  const seen: string[] = []
  const url = await serve(t, (request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.writeHead(200, json).end(JSON.stringify(wireKey()))
  })
  let isHeld = true
  const { transport } = networkTransport(url)
  const client = clientOf(url, {
    transport: outgoing => {
      const sending = transport(outgoing)
      isHeld = false
      return sending
    },
  })
  client.underLease({
    epoch: 7,
    requireHeld: () => {
      if (!isHeld) throw new Failure('conflict', 'late')
    },
  })
  await t.rejects(client.revoke('key_abc123'), {
    code: 'conflict',
    message: /lease of this stack/,
    ambiguous: false,
  })
  await client.get('key_abc123')
  t.strictSame(seen, ['GET /api/api-keys/key_abc123'])
})
