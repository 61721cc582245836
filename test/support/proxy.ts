import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, createServer } from 'node:http'
import { type AddressInfo, type Socket, connect } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import type { Test } from 'tap'
import { ended } from './program.ts'

const loopback = '127.0.0.1'

/** Serves what listens on a port of this machine over TLS, as `name`, with a certificate of its own (openssl). */
export async function overTls(
  t: Test,
  name: string,
  port: number,
  folder: string,
): Promise<{ readonly port: number; readonly certificate: string }> {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const made = await ended('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', certificate],
  ])
  if (made.code !== 0) throw new Error(`openssl: ${made.stderr}`)
  const server = createTlsServer({ key: await readFile(key), cert: await readFile(certificate) }, secure =>
    joinSockets(secure, connect(port, loopback)),
  )
  server.on('tlsClientError', () => undefined)
  server.listen(0, loopback)
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return { port: (server.address() as AddressInfo).port, certificate }
}

function joinSockets(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
    from.pipe(to)
  }
}

export interface TestProxy {
  /** `127.0.0.1:PORT` */
  readonly host: string
  /** `CONNECT api.fluxloop.test:443`, and whatever else was asked of it. */
  readonly asked: string[]
  /** All bytes that clients sent through its tunnels. */
  readonly passed: Buffer[]
  /** The status of its answer to a CONNECT; 200 opens the tunnel. */
  status: (request: IncomingMessage) => number
}

/** A real proxy, whose tunnels all end at `port` of this machine, whatever name was asked for. */
export async function connectProxy(t: Test, port: number): Promise<TestProxy> {
  const asked: string[] = []
  const passed: Buffer[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
    response.writeHead(400).end()
  })
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`)
    const status = proxy.status(request)
    client.on('error', () => client.destroy())
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    client.on('data', (bytes: Buffer) => passed.push(bytes))
    const target = connect(port, loopback, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      joinSockets(client, target)
    })
    target.on('error', () => client.destroy())
  })
  server.listen(0, loopback)
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const proxy: TestProxy = {
    host: `${loopback}:${(server.address() as AddressInfo).port}`,
    asked,
    passed,
    status: () => 200,
  }
  return proxy
}
