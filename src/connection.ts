import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Secret } from './model/secret.ts'
import { createClient } from './platform/client.ts'
import { credentialFromEnvironment, missingCredential } from './platform/credentials.ts'
import { resolveEndpoint } from './platform/endpoint.ts'
import type { PlatformClient, RequestInfo } from './platform/types.ts'

export interface ConnectionOptions {
  readonly apiUrl: string | null
  readonly staging: boolean
}

export interface Connection {
  readonly client: PlatformClient
  readonly url: string
  close(): void
}

interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly version: string
  readonly onRequest: ((info: RequestInfo) => void) | null
}

interface Transport {
  readonly baseUrl: string
  readonly credential: Secret
  readonly fetch: (request: Request) => Promise<Response>
  close(): void
}

/** A sandbox in this process: no port, and its own administrator's key, whatever the environment holds. */
async function sandboxTransport(url: string, cwd: string): Promise<Transport> {
  const [{ openSandbox }, { administratorKey }] = await Promise.all([
    import('./sandbox/sandbox.ts'),
    import('./sandbox/administrator.ts'),
  ])
  const path = url.slice('sandbox:'.length)
  const database = path === '' ? ':memory:' : isAbsolute(path) ? path : join(cwd, path)
  const sandbox = openSandbox({ database })
  const credential =
    path === '' ? sandbox.issueAdministrator() : await administratorKey(sandbox, `${database}.administrator`)
  return {
    baseUrl: 'http://localhost',
    credential,
    fetch: request => sandbox.handle(request),
    close: () => sandbox.close(),
  }
}

function networkTransport(url: string, env: NodeJS.ProcessEnv): Transport {
  const credential = credentialFromEnvironment(env)
  if (credential === null) throw missingCredential()
  const { secret } = credential
  return { baseUrl: url, credential: secret, fetch: request => fetch(request), close: () => undefined }
}

/** Finds the platform and who we are to it. Makes no request. */
export async function connect(
  options: ConnectionOptions,
  { env, cwd, version, onRequest }: Surroundings,
): Promise<Connection> {
  const endpoint = await resolveEndpoint({
    ...(options.apiUrl === null ? {} : { apiUrl: options.apiUrl }),
    staging: options.staging,
    env,
    cwd,
    readFile: path => readFile(path, 'utf8'),
  })
  const transport = endpoint.url.startsWith('sandbox:')
    ? await sandboxTransport(endpoint.url, cwd)
    : networkTransport(endpoint.url, env)
  const client = createClient({
    baseUrl: transport.baseUrl,
    credential: transport.credential,
    fetch: transport.fetch,
    userAgent: `fluxloop-keys/${version}`,
    random: Math.random,
    sleep: async (milliseconds, signal) => {
      await wait(milliseconds, undefined, signal === undefined ? {} : { signal })
    },
    now: Date.now,
    ...(onRequest === null ? {} : { onRequest }),
  })
  return { client, url: endpoint.url, close: () => transport.close() }
}
