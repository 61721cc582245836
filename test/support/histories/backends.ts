import { setImmediate } from 'node:timers/promises'
import type { Instant } from '../../../src/model/duration.ts'
import { shortHash } from '../../../src/model/hash.ts'
import type { Secret } from '../../../src/model/secret.ts'
import { testClient } from '../client.ts'
import { openSandbox } from '../../../src/sandbox/sandbox.ts'
import { serveSandbox } from '../../../src/sandbox/serve.ts'
import { now as start } from '../build.ts'
import { type PlatformPort, openModelPlatform } from '../model-platform.ts'
import type { Backend } from './history-world.ts'

/** Ids and secrets in no order, and the same in every game. */
function makers() {
  let made = 0
  const next = () => {
    made += 1
    return `${shortHash(`${made}`, 8)}${made.toString(36).padStart(4, '0')}`
  }
  return {
    makeId: () => `key_${next()}`,
    makeSecret: (prefix: string) => `${prefix}${next().padStart(32, 'z')}`,
  }
}

/** Every answer takes a turn of the event loop, as one over HTTP does: what runs at once, runs in the same order. */
function slowly(client: PlatformPort): PlatformPort {
  return new Proxy(client, {
    get: (target, name) => {
      const call: unknown = Reflect.get(target, name)
      if (typeof call !== 'function' || name === 'actAs') return call
      return async (...args: readonly unknown[]): Promise<unknown> => {
        await setImmediate()
        return await Reflect.apply(call, target, args)
      }
    },
  })
}

/** The model platform, in this process. */
export function inProcess(pace: (client: PlatformPort) => PlatformPort = client => client): Backend {
  const clock: { now: Instant } = { now: start }
  const platform = openModelPlatform({ now: () => clock.now, ...makers() })
  const person = platform.issueUserToken('ada')
  const inspector = platform.clientAs(person, 'inspector/1')
  return {
    get now() {
      return clock.now
    },
    set now(at) {
      clock.now = at
    },
    person,
    clientAs: (credential, userAgent) => pace(platform.clientAs(credential, userAgent)),
    inspect: async () => (await inspector.list()).keys,
    close: async () => undefined,
  }
}

export const inProcessButSlow = (): Backend => inProcess(slowly)

/** The sandbox over HTTP, through the client that the program has. */
export async function overHttp(): Promise<Backend> {
  const clock: { now: Instant } = { now: start }
  const sandbox = openSandbox({ database: ':memory:', now: () => clock.now, ...makers() })
  const server = await serveSandbox(sandbox, { port: 0 })
  const person = sandbox.issueUserToken('ada')
  const clientOf = (baseUrl: string, fetch: (request: Request) => Promise<Response>) => {
    return (credential: Secret, userAgent: string) =>
      testClient({
        baseUrl,
        credential,
        fetch,
        userAgent,
        now: () => clock.now,
      })
  }
  const inspector = clientOf('http://localhost', request => sandbox.handle(request))(person, 'inspector/1')
  return {
    get now() {
      return clock.now
    },
    set now(at) {
      clock.now = at
    },
    person,
    clientAs: clientOf(server.url, fetch),
    inspect: async () => (await inspector.list()).keys,
    close: async () => {
      await server.close()
      sandbox.close()
    },
  }
}
