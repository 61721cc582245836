import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LiveKey } from '../../../src/model/live-key.ts'
import { Secret } from '../../../src/model/secret.ts'
import { testClient } from '../../support/client.ts'
import type { PlatformClient } from '../../../src/platform/types.ts'
import { openSandbox } from '../../../src/sandbox/sandbox.ts'
import { runLine } from '../../support/context.ts'
import { type Replay, replaying } from '../../support/replay.ts'
import { recordedSecrets } from '../../support/recorded-secrets.ts'
import { type MemoryStores, memoryStores } from '../../support/memory-stores.ts'
import { type Wire, openWire } from './wire.ts'
import { type Transport, overFetch } from '../../../src/platform/transport.ts'
import { createClient } from '../../../src/platform/client.ts'
import { networkTransport } from '../../../src/platform/network-transport.ts'

export interface Ran {
  readonly code: number
  /** Both outputs. */
  readonly text: string
}

/** A stack of its own on a platform of its own, behind a real socket. */
export interface Play {
  readonly wire: Wire
  readonly stores: MemoryStores
  /** Every secret that the platform ever made. */
  readonly issued: readonly string[]
  now: number
  /** What the platform answers in this scene, fault or no fault. */
  bend: (request: Request, answer: Response) => Promise<Response> | Response
  /** What the platform answers to an Idempotency-Key that it has seen before. */
  replay: Replay
  /** The most keys on one page of a list; null: as many as are asked for. */
  pageSize: number | null
  /** Somebody who works on the same keys by another way. */
  readonly person: PlatformClient
  /** Happens right before the first request of this method. */
  onFirst(method: string, act: () => Promise<void>): void
  /** Makes a key that is nobody's business. */
  makeUnmanaged(name: string): Promise<void>
  /** Moves the version of a key, and nothing else. */
  touch(name: string): Promise<void>
  write(configuration: string): Promise<void>
  /** Runs a command line, split at spaces. */
  run(line: string): Promise<Ran>
  /** The same by the wire, through real sockets. */
  runOverWire(line: string, timeoutMs: number): Promise<Ran>
  succeed(line: string): Promise<Ran>
  readonly live: () => Promise<readonly LiveKey[]>
  /** The id of the key that a secret belongs to; null where it is none. Counts as a consumer's use. */
  readonly holder: (secret: string) => Promise<string | null>
  /** The secrets that the stores hold, by the label of the store. */
  readonly stored: () => ReadonlyMap<string, string>
  close(): Promise<void>
}

/** The same request for a page of at most that many keys. */
function cut(request: Request, pageSize: number): Request {
  const url = new URL(request.url)
  if (url.searchParams.has('limit')) url.searchParams.set('limit', String(pageSize))
  return new Request(url, request)
}

export async function openPlay(): Promise<Play> {
  const clock = { now: Date.UTC(2026, 10, 22, 12) }
  const { issued, makeSecret } = recordedSecrets()
  const sandbox = openSandbox({ database: ':memory:', now: () => clock.now, makeSecret })
  const administrator = sandbox.issueAdministrator()
  const folder = await mkdtemp(join(tmpdir(), 'wire-faults-'))
  const stores = memoryStores()
  const firsts = new Map<string, () => Promise<void>>()
  const named = new Set<string>()
  const handle = async (request: Request): Promise<Response> => {
    const first = firsts.get(request.method)
    firsts.delete(request.method)
    await first?.()
    const asked = play.pageSize === null ? request : cut(request, play.pageSize)
    return await play.bend(request, await replaying(asked, play.replay, named, each => sandbox.handle(each)))
  }
  const wire = await openWire(handle)
  const network = networkTransport(wire.url)
  const clientAs = (credential: Secret, userAgent: string): PlatformClient =>
    testClient({
      credential,
      fetch: request => sandbox.handle(request),
      userAgent,
      now: () => clock.now,
    })
  const person = clientAs(administrator, 'web-page/1')
  let nonces = 0

  const runBy = async (
    line: string,
    how: { readonly transport: Transport; readonly timeoutMs?: number },
  ): Promise<Ran> => {
    const client = createClient({
      baseUrl: wire.url,
      random: () => 0,
      credential: administrator,
      userAgent: 'fluxloop-keys/0.0.0-test',
      // Whoever waits finds that time has passed.
      sleep: async milliseconds => void (clock.now += milliseconds),
      now: () => clock.now,
      ...how,
    })
    const ran = await runLine(line, {
      cwd: folder,
      now: clock.now,
      width: 200,
      with: {
        stores: async () => stores,
        nonce: () => `n${(nonces += 1).toString(36).padStart(9, '0')}`,
        connect: async () => ({
          client,
          url: wire.url,
          credential: { secret: administrator, source: 'the test', expiresAt: null },
          close: () => undefined,
        }),
      },
    })
    return { code: ran.code, text: ran.out() + ran.err() }
  }

  const play: Play = {
    wire,
    stores,
    issued,
    get now() {
      return clock.now
    },
    set now(at) {
      clock.now = at
    },
    bend: (_request, answer) => answer,
    replay: 'with the secret',
    pageSize: null,
    person,
    onFirst: (method, act) => void firsts.set(method, act),
    makeUnmanaged: async name => {
      const everything = {
        description: '',
        marker: null,
        environment: null,
        scope: 'all',
        permissions: ['*'],
      } as const
      await person.create({ ...everything, name, expires: { kind: 'never' } }, `by-hand-${name}`)
    },
    touch: async name => {
      const { keys } = await person.list()
      const live = keys.find(key => key.name === name)
      if (live === undefined) throw new Error(`no key ${name}`)
      await person.update(live.id, { name: 'Meanwhile' }, { ifMatch: null })
      await person.update(live.id, { name }, { ifMatch: null })
    },
    write: text => writeFile(join(folder, 'fluxloop-keys.yaml'), text),
    run: line => runBy(line, { transport: overFetch(handle) }),
    runOverWire: (line, timeoutMs) => runBy(line, { transport: network.transport, timeoutMs }),
    succeed: async line => {
      const ran = await play.run(line)
      if (ran.code !== 0) throw new Error(`${line} exits ${ran.code}: ${ran.text}`)
      return ran
    },
    live: async () => (await person.list()).keys,
    holder: async secret => {
      const identity = await clientAs(new Secret(secret), 'consumer/1')
        .whoami()
        .catch(() => null)
      return identity?.key?.id ?? null
    },
    stored: () => new Map([...stores.secrets].map(([label, secret]) => [label, secret.reveal()])),
    close: async () => {
      network.close()
      await wire.close()
      sandbox.close()
      await rm(folder, { recursive: true })
    },
  }
  return play
}
