import { setImmediate } from 'node:timers/promises'
import type { Test } from 'tap'
import type { LiveKey } from '../../src/model/live-key.ts'
import { Secret } from '../../src/model/secret.ts'
import { testClient } from './client.ts'
import type { RateLimit } from '../../src/sandbox/rate-limiter.ts'
import { type Sandbox, openSandbox } from '../../src/sandbox/sandbox.ts'
import { serveSandbox } from '../../src/sandbox/serve.ts'

/** A sandbox that the built program reaches over HTTP: it lives on in the test's process when the program is killed. */
export interface ServedPlatform {
  readonly url: string
  readonly administrator: Secret
  /** What a person has who logged in to the platform. */
  userToken(account: string): Secret
  /** Decides about a login that waits, as a person in a browser. */
  decideLogin(userCode: string, decision: { readonly account: string } | 'denied'): boolean
  /** `POST /api/api-keys` and so on, ids left out: every request that came in over HTTP since the last `forget`. */
  readonly requests: string[]
  forget(): void
  /** The platform's clock in milliseconds; it stands still, and the program goes by it. */
  now: number
  /** Comes before every answer; waits, or answers in the platform's place. */
  before: (request: Request) => Promise<Response | null>
  /** Resolves once every request that came in is answered, also those whose program was killed meanwhile. */
  settled(): Promise<void>
  /** The environment that leads a program here. */
  readonly env: { readonly FLUXLOOP_API_URL: string; readonly FLUXLOOP_API_KEY: string }
  /** Sends a request past HTTP, so that it is not counted. */
  send(request: Request): Promise<Response>
  /** All live keys, whoever made them. */
  live(): Promise<readonly LiveKey[]>
  /** Those that this program manages. */
  managed(): Promise<readonly LiveKey[]>
  /** Goes on with another database. Nobody may be calling. */
  useDatabase(file: string): void
  /** The id of the live key that a secret belongs to; null where it is none. Counts as a use by a consumer. */
  readonly holder: (secret: string) => Promise<string | null>
}

export async function servedPlatform(
  t: Pick<Test, 'teardown'>,
  options: {
    readonly database?: string
    readonly makeSecret?: (prefix: string) => string
    readonly rateLimit?: RateLimit
  } = {},
): Promise<ServedPlatform> {
  const clock = { now: Date.now() }
  const { database = ':memory:', makeSecret, rateLimit } = options
  const open = (file: string) =>
    openSandbox({
      database: file,
      now: () => clock.now,
      ...(makeSecret === undefined ? {} : { makeSecret }),
      ...(rateLimit === undefined ? {} : { rateLimit }),
    })
  let sandbox = open(database)
  const administrator = sandbox.issueAdministrator()
  const requests: string[] = []
  const inFlight = new Set<Promise<Response>>()
  const answerTo = async (request: Request) =>
    (await platform.before(request)) ?? (await sandbox.handle(request))
  const watched: Sandbox = {
    ...sandbox,
    handle(request) {
      requests.push(`${request.method} ${new URL(request.url).pathname.replace(/key_\w+/, ':id')}`)
      const answer = answerTo(request).finally(() => inFlight.delete(answer))
      inFlight.add(answer)
      return answer
    },
  }
  const server = await serveSandbox(watched, { port: 0 })
  t.teardown(async () => {
    await server.close()
    sandbox.close()
  })

  const clientAs = (credential: Secret, userAgent: string) =>
    testClient({
      credential,
      fetch: request => sandbox.handle(request),
      userAgent,
      now: () => clock.now,
    })

  const platform: ServedPlatform = {
    url: server.url,
    administrator,
    userToken: account => sandbox.issueUserToken(account),
    decideLogin: (userCode, decision) => sandbox.decideLogin(userCode, decision),
    requests,
    forget: () => void requests.splice(0),
    get now() {
      return clock.now
    },
    set now(at) {
      clock.now = at
    },
    before: async () => null,
    async settled() {
      do {
        // What lies in a socket is read first.
        for (let turns = 0; turns < 3; turns += 1) await setImmediate()
        await Promise.allSettled(inFlight)
      } while (inFlight.size > 0)
    },
    env: { FLUXLOOP_API_URL: server.url, FLUXLOOP_API_KEY: administrator.reveal() },
    send: request => sandbox.handle(request),
    useDatabase: file => {
      sandbox.close()
      sandbox = open(file)
    },
    live: async () => (await clientAs(administrator, 'test/1').list()).keys,
    managed: async () => (await platform.live()).filter(({ ownership }) => ownership.kind === 'managed'),
    holder: async secret => {
      const identity = await clientAs(new Secret(secret), 'consumer/1')
        .whoami()
        .catch(() => null)
      return identity?.key?.id ?? null
    },
  }
  return platform
}
