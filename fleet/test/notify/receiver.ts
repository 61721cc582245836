import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { Secret } from '../../../src/model/secret.ts'

export interface Received {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A real HTTP server that keeps what it gets. */
export interface Receiver {
  readonly received: Received[]
  readonly url: Secret
  /** What it does with the calls from now on. */
  answer: (response: ServerResponse, call: Received) => void
}

export async function openReceiver(t: Pick<Test, 'teardown'>, path = '/hook/t0ken-part'): Promise<Receiver> {
  let answer: Receiver['answer'] = response => void response.end('ok')
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      const call = { path: request.url ?? '', headers: request.headers, body }
      received.push(call)
      answer(response, call)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return {
    received,
    url: new Secret(`http://127.0.0.1:${port}${path}`),
    get answer() {
      return answer
    },
    set answer(next) {
      answer = next
    },
  }
}
