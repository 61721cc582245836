import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Health } from './replica-health.ts'
import { type ListenAddress, parseListenAddress } from './listen-address.ts'
import type { Metrics } from './metrics.ts'

export interface OperationsOptions {
  /** As `--listen` takes it. */
  readonly listen: string
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>
  /** May ask the database. What takes longer than 2 seconds, or rejects, counts as not ready. */
  readonly isReady: () => Promise<Health>
  /** Asks nobody. */
  readonly isAlive: () => Health
}

export interface OperationsServer {
  /** `http://127.0.0.1:9464` */
  readonly url: string
  /** Lets answers in flight end, for at most a second. */
  close(): Promise<void>
}

type Answer = readonly [status: number, type: string, body: string]

const plain = 'text/plain; charset=utf-8'
const answerPatience: Milliseconds = 2 * second
const closePatience: Milliseconds = second

function healthAnswer(health: Health): Answer {
  return health.ok ? [200, plain, 'ok\n'] : [503, plain, `not ok: ${health.why}\n`]
}

/** What `ask` gives, or `late` where it takes too long or fails. Who asks meanwhile shares the answer. */
function bounded<Value>(ask: () => Promise<Value>, late: Value): () => Promise<Value> {
  let asked: Promise<Value> | null = null
  return () => {
    asked ??= Promise.race([ask().catch(() => late), wait(answerPatience, late, { ref: false })]).finally(
      () => {
        asked = null
      },
    )
    return asked
  }
}

function cannotListen({ host, port }: ListenAddress, cause: unknown): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
  return new Failure('failed', `Cannot listen on ${host}, port ${port} (${code})`, {
    hints: ['Another program may use the port, or the address is not one of this machine.'],
    cause,
  })
}

/** Serves /healthz, /readyz and /metrics. Rejects with a `Failure` where it cannot listen. */
export async function serveOperations(options: OperationsOptions): Promise<OperationsServer> {
  const address = parseListenAddress(options.listen)
  const isReady = bounded(options.isReady, { ok: false, why: 'no answer in time' })
  const render = bounded<string | null>(() => options.metrics.render(), null)

  async function answerTo({ method, url = '' }: IncomingMessage): Promise<Answer> {
    if (method !== 'GET' && method !== 'HEAD') return [405, plain, 'GET and HEAD only\n']
    const [path = ''] = url.split('?', 1)
    switch (path) {
      case '/healthz':
        return healthAnswer(options.isAlive())
      case '/readyz':
        return healthAnswer(await isReady())
      case '/metrics': {
        const text = await render()
        return text === null ? [503, plain, 'no metrics in time\n'] : [200, options.metrics.contentType, text]
      }
      default:
        return [404, plain, 'Here are /healthz, /readyz and /metrics\n']
    }
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [status, type, body] = await answerTo(request)
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
      // Nothing here takes a body, and nobody waits for the end of one.
      ...(hasBody(request) ? { connection: 'close' } : {}),
    })
    response.end(request.method === 'HEAD' ? '' : body)
  }

  const server = createServer(
    {
      maxHeaderSize: 8_192,
      // Whoever sends a request byte by byte holds a connection for this long, and no longer.
      headersTimeout: 5 * second,
      requestTimeout: 5 * second,
      keepAliveTimeout: 5 * second,
      connectionsCheckingInterval: second,
    },
    (request, response) => {
      request.resume()
      respond(request, response).catch(() => response.destroy())
    },
  )
  server.maxConnections = 100
  // Nor does anybody who does not read the answer.
  server.setTimeout(10 * second)
  server.listen(address.port, address.host)
  await once(server, 'listening').catch((cause: unknown) => {
    throw cannotListen(address, cause)
  })
  const { port, address: host, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), closePatience)
      await closed
      clearTimeout(timer)
    },
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
