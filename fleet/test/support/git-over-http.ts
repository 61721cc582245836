import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { overTls } from '../../../test/support/proxy.ts'

/** git's own program for web servers, behind a real server. */
function answer(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://x')
  const program = `${execFileSync('git', ['--exec-path']).toString().trim()}/git-http-backend`
  const child = spawn(program, {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  request.pipe(child.stdin)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.on('close', () => {
    const all = Buffer.concat(chunks)
    const end = all.indexOf('\r\n\r\n')
    const headers = all
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map(line => line.split(': ', 2) as [string, string])
    const status = headers.find(([name]) => name === 'Status')?.[1]
    response.writeHead(
      Number(status?.slice(0, 3) ?? 200),
      headers.filter(([name]) => name !== 'Status'),
    )
    response.end(all.subarray(end + 4))
  })
}

export interface GitHost {
  /** `https://localhost:PORT` */
  readonly url: string
  /** The file of its certificate. */
  readonly certificate: string
  /** What answers instead of git; null: git. */
  instead: ((request: IncomingMessage, response: ServerResponse) => void) | null
  readonly asked: string[]
}

/** The repositories of a folder over https. */
export async function gitHost(t: Test, folder: string): Promise<GitHost> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (host.instead === null) answer(folder, request, response)
    else host.instead(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const tls = await overTls(t, 'localhost', (server.address() as AddressInfo).port, folder)
  const host: GitHost = {
    url: `https://localhost:${tls.port}`,
    certificate: tls.certificate,
    instead: null,
    asked,
  }
  return host
}
