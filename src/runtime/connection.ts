import { isAbsolute, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Milliseconds, second } from '../model/duration.ts'
import type { Secret } from '../model/secret.ts'
import { createClient } from '../platform/client.ts'
import type { Credential, Session } from '../platform/credentials.ts'
import type { LoginCalls } from '../platform/device-login.ts'
import { type Endpoint, requireTrustedOrigin, resolveEndpoint } from '../platform/endpoint.ts'
import { type CredentialReaders, requireCredential } from '../platform/find-credential.ts'
import { type Proxy, proxyFor } from '../platform/proxy.ts'
import { networkTransport } from '../platform/network-transport.ts'
import { requireSecureTls } from '../platform/tls.ts'
import { type Transport, overFetch } from '../platform/transport.ts'
import type { PlatformClient, RequestInfo } from '../platform/types.ts'
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
  /** The id of the calling key, for a platform that cannot be asked who calls; `none`: a user does. */
  readonly caller?: string | null
  /** Ends each request after that long, and tries none twice. */
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
  /** What every request goes through on its way to the platform; absent: nothing. */
  readonly through?: (transport: Transport) => Transport
}

/** How a platform is reached. */
interface Way {
  readonly baseUrl: string
  readonly credential: Credential
  readonly transport: Transport
  readonly proxy: Proxy | null
  close(): void
}

/** A sandbox in this process: no port, and its own administrator's key, whatever the environment holds. */
async function wayToSandbox(url: string, cwd: string): Promise<Way> {
  const [{ openSandbox }, { openKeptSandbox }] = await Promise.all([
    import('../sandbox/sandbox.ts'),
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
    transport: overFetch(request => sandbox.handle(request)),
    proxy: null,
    close: () => sandbox.close(),
  }
}

/** Whoever gives a key means a platform that they named, not one that a file names. */
function givenCredential(secret: Secret, endpoint: Endpoint): Credential {
  requireTrustedOrigin(endpoint)
  return { secret, source: 'the key that was given', expiresAt: null }
}

async function wayOverNetwork(
  endpoint: Endpoint,
  { profile, secret, insecureTls = false }: ConnectionOptions,
  readers: CredentialReaders,
): Promise<Way> {
  const warning = requireSecureTls(endpoint.url, readers.env, insecureTls)
  if (warning !== null) readers.tell(`Warning: ${warning}`)
  const credential =
    secret === undefined
      ? await requireCredential(profile, endpoint, readers)
      : givenCredential(secret, endpoint)
  return { credential, ...(await wayTo(endpoint, readers.env)) }
}

type Fetch = (request: Request) => Promise<Response>

/** `fetch` through the proxy that the environment names: for services other than the platform. */
export async function fetchTo(
  url: string,
  env: CredentialReaders['env'],
): Promise<{ readonly fetch: Fetch; readonly close: () => void }> {
  const proxy = proxyFor(url, env)
  if (proxy === null) return { fetch: request => fetch(request), close: () => undefined }
  const { undiciWay } = await import('../platform/undici-way.ts')
  return undiciWay(proxy)
}

/** The network, through the proxy that the environment names. */
async function wayTo({ url }: Endpoint, env: CredentialReaders['env']): Promise<Omit<Way, 'credential'>> {
  const proxy = proxyFor(url, env)
  // With NODE_DEBUG Node's own client prints the headers that it sends, and with them the credential. undici does not.
  const isWatched = (env['NODE_DEBUG'] ?? '') !== ''
  if (proxy === null && !isWatched) return { baseUrl: url, proxy, ...networkTransport(url) }
  const { undiciWay } = await import('../platform/undici-way.ts')
  const { transport, close } = undiciWay(proxy)
  return { baseUrl: url, proxy, transport, close }
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
  { cwd, version, readers, onRequest, through = transport => transport }: Surroundings,
): Promise<Connection> {
  const endpoint = await findEndpoint(options, { env: readers.env, cwd })
  const way = endpoint.url.startsWith('sandbox:')
    ? await wayToSandbox(endpoint.url, cwd)
    : await wayOverNetwork(endpoint, options, readers)
  const { patience, caller = null } = options
  const { credential } = way
  let renewed: Session | null = null
  const renewal = {
    expiresAt: credential.expiresAt,
    renew: async () => {
      const { renew } = await import('../platform/renew-login.ts')
      renewed = await renew(credential, await loginsAt(way, version), Date.now)
      return { secret: renewed.accessToken, expiresAt: renewed.expiresAt }
    },
  }
  const client = createClient({
    baseUrl: way.baseUrl,
    ...(credential.renewal === undefined ? {} : { renewal }),
    credential: credential.secret,
    credentialSource: credential.source,
    transport: through(way.transport),
    proxy: way.proxy,
    userAgent: `fluxloop-keys/${version}`,
    random: Math.random,
    sleep: async (milliseconds, signal) => {
      await wait(milliseconds, undefined, signal === undefined ? {} : { signal })
    },
    now: Date.now,
    callerId: caller,
    // Costs 10 ms, and only failures name days.
    get timeZone() {
      return Intl.DateTimeFormat().resolvedOptions().timeZone
    },
    ...(patience === undefined ? {} : { timeoutMs: patience, maxTries: 1 }),
    ...(onRequest === null ? {} : { onRequest }),
  })
  return {
    client,
    url: endpoint.url,
    get credential() {
      return renewed === null ? credential : { ...credential, expiresAt: renewed.expiresAt }
    },
    close: () => way.close(),
  }
}

/** The calls of a login to a platform that is reached this way. */
async function loginsAt(
  { baseUrl, transport, proxy }: Pick<Way, 'baseUrl' | 'transport' | 'proxy'>,
  version: string,
): Promise<LoginCalls> {
  const { loginCalls } = await import('../platform/device-login.ts')
  return loginCalls({
    connection: {
      ...{ baseUrl, transport, now: Date.now, timeout: 30 * second, signal: undefined },
      userAgent: `fluxloop-keys/${version}`,
    },
    proxy,
    random: Math.random,
    sleep: async time => {
      await wait(time)
    },
  })
}

/** The calls of a login to a platform that the caller named, or the platform itself. */
export async function openLogin(
  endpoint: Endpoint,
  { insecureTls = false }: Pick<ConnectionOptions, 'insecureTls'>,
  { version, readers }: Pick<Surroundings, 'version' | 'readers'>,
): Promise<LoginCalls & { close(): void }> {
  requireTrustedOrigin(endpoint)
  const warning = requireSecureTls(endpoint.url, readers.env, insecureTls)
  if (warning !== null) readers.tell(`Warning: ${warning}`)
  const way = await wayTo(endpoint, readers.env)
  return { ...(await loginsAt(way, version)), close: () => way.close() }
}
