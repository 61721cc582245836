import { isAbsolute, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Milliseconds } from './model/duration.ts'
import type { Secret } from './model/secret.ts'
import { createClient } from './platform/client.ts'
import type { Credential } from './platform/credentials.ts'
import { type Endpoint, requireTrustedOrigin, resolveEndpoint } from './platform/endpoint.ts'
import { type CredentialReaders, requireCredential } from './platform/find-credential.ts'
import { type Proxy, proxyFor } from './platform/proxy.ts'
import { requireSecureTls } from './platform/tls.ts'
import type { PlatformClient, RequestInfo } from './platform/types.ts'
import { isFolder, readProjectFile, realHome } from './project-file.ts'

/** Which platform is meant. */
export interface EndpointChoice {
  readonly apiUrl: string | null
  readonly staging: boolean
}

export interface ConnectionOptions extends EndpointChoice {
  /** Null: whatever is found first. */
  readonly profile: string | null
  /** The key to use, whatever there is elsewhere: one that is being tried. */
  readonly secret?: Secret
  /** Go on where the environment makes TLS insecure; absent: refuse. */
  readonly insecureTls?: boolean
  /** Ends each request after so long, and tries none twice. */
  readonly patience?: Milliseconds
}

export interface Connection {
  readonly client: PlatformClient
  readonly url: string
  readonly credential: Credential
  close(): void
}

interface Surroundings {
  readonly cwd: string
  readonly version: string
  readonly readers: CredentialReaders
  readonly onRequest: ((info: RequestInfo) => void) | null
}

interface Transport {
  readonly baseUrl: string
  readonly credential: Credential
  readonly fetch: (request: Request) => Promise<Response>
  readonly proxy: Proxy | null
  close(): void
}

/** A sandbox in this process: no port, and its own administrator's key, whatever the environment holds. */
async function sandboxTransport(url: string, cwd: string): Promise<Transport> {
  const [{ openSandbox }, { openKeptSandbox }] = await Promise.all([
    import('./sandbox/sandbox.ts'),
    import('./kept-sandbox.ts'),
  ])
  const path = url.slice('sandbox:'.length)
  const inMemory = () => {
    const sandbox = openSandbox({ database: ':memory:' })
    return { sandbox, administrator: sandbox.issueAdministrator() }
  }
  const { sandbox, administrator } =
    path === '' ? inMemory() : await openKeptSandbox(isAbsolute(path) ? path : join(cwd, path))
  return {
    baseUrl: 'http://localhost',
    credential: { secret: administrator, source: "the sandbox's own administrator", expiresAt: null },
    fetch: request => sandbox.handle(request),
    proxy: null,
    close: () => sandbox.close(),
  }
}

/** Whoever gives a key means a platform that they named, not one that a file names. */
function givenCredential(secret: Secret, endpoint: Endpoint): Credential {
  requireTrustedOrigin(endpoint)
  return { secret, source: 'the key that was given', expiresAt: null }
}

async function networkTransport(
  endpoint: Endpoint,
  { profile, secret, insecureTls = false }: ConnectionOptions,
  readers: CredentialReaders,
): Promise<Transport> {
  const warning = requireSecureTls(endpoint.url, readers.env, insecureTls)
  if (warning !== null) readers.tell(`Warning: ${warning}`)
  const credential =
    secret === undefined
      ? await requireCredential(profile, endpoint, readers)
      : givenCredential(secret, endpoint)
  const transport = { baseUrl: endpoint.url, credential }
  const proxy = proxyFor(endpoint.url, readers.env)
  if (proxy === null) {
    return { ...transport, proxy, fetch: request => fetch(request), close: () => undefined }
  }
  const { proxiedFetch } = await import('./platform/proxied-fetch.ts')
  return { ...transport, proxy, ...proxiedFetch(proxy) }
}

/** Finds the platform. Makes no request. */
export async function findEndpoint(
  { apiUrl, staging }: EndpointChoice,
  { env, cwd }: { readonly env: CredentialReaders['env']; readonly cwd: string },
): Promise<Endpoint> {
  return await resolveEndpoint({
    ...(apiUrl === null ? {} : { apiUrl }),
    staging,
    env,
    cwd,
    home: realHome(),
    isFolder,
    readFile: readProjectFile,
  })
}

/** Finds the platform and who we are to it. Makes no request. */
export async function connect(
  options: ConnectionOptions,
  { cwd, version, readers, onRequest }: Surroundings,
): Promise<Connection> {
  const endpoint = await findEndpoint(options, { env: readers.env, cwd })
  const transport = endpoint.url.startsWith('sandbox:')
    ? await sandboxTransport(endpoint.url, cwd)
    : await networkTransport(endpoint, options, readers)
  const { patience } = options
  const client = createClient({
    baseUrl: transport.baseUrl,
    credential: transport.credential.secret,
    fetch: transport.fetch,
    proxy: transport.proxy,
    userAgent: `fluxloop-keys/${version}`,
    random: Math.random,
    sleep: async (milliseconds, signal) => {
      await wait(milliseconds, undefined, signal === undefined ? {} : { signal })
    },
    now: Date.now,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(patience === undefined ? {} : { timeoutMs: patience, maxTries: 1 }),
    ...(onRequest === null ? {} : { onRequest }),
  })
  return {
    client,
    url: endpoint.url,
    credential: transport.credential,
    close: () => transport.close(),
  }
}
