import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCommandLine } from '../../../src/cli.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import type { Secret } from '../../../src/model/secret.ts'
import { createClient } from '../../../src/platform/client.ts'
import type { ClientOptions, PlatformClient } from '../../../src/platform/types.ts'
import { openSandbox } from '../../../src/sandbox/sandbox.ts'
import { runToEnd, testContext } from '../../support/context.ts'
import { recordedSecrets } from '../../support/recorded-secrets.ts'
import { type MemoryStores, memoryStores } from './memory-stores.ts'
import { type Wire, openWire, withoutSecret } from './wire.ts'

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
  replay: 'the same answer' | 'without the secret' | 'none'
  /** The most keys on one page of a list; null: as many as are asked for. */
  pageSize: number | null
  /** Somebody who works on the same keys by another way. */
  readonly person: PlatformClient
  /** Happens right before the first request of this method. */
  onFirst(method: string, act: () => Promise<void>): void
  /** Makes a key that is nobody's business. */
  stranger(name: string): Promise<void>
  /** Moves the version of a key, and nothing else. */
  touch(name: string): Promise<void>
  write(configuration: string): Promise<void>
  /** Runs a command line, split at spaces. */
  run(line: string): Promise<Ran>
  /** The same by the wire, through real sockets. */
  runOverWire(line: string, timeoutMs: number): Promise<Ran>
  succeed(line: string): Promise<Ran>
  live(): Promise<readonly LiveKey[]>
  /** The id of the key that a secret belongs to; null where it is none. Counts as a consumer's use. */
  holder(secret: Secret): Promise<string | null>
  close(): Promise<void>
}

/** The same request for a page of at most so many keys. */
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
  const handle = async (request: Request): Promise<Response> => {
    const first = firsts.get(request.method)
    firsts.delete(request.method)
    await first?.()
    return await play.bend(
      request,
      await answered(play.pageSize === null ? request : cut(request, play.pageSize)),
    )
  }
  const wire = await openWire(handle)
  const named = new Set<string>()
  async function answered(request: Request): Promise<Response> {
    const name = request.headers.get('idempotency-key')
    if (name === null || play.replay === 'the same answer') return await sandbox.handle(request)
    if (play.replay === 'none') {
      const headers = new Headers(request.headers)
      headers.delete('idempotency-key')
      return await sandbox.handle(new Request(request, { headers }))
    }
    const answer = await sandbox.handle(request)
    if (!named.has(name)) {
      if (answer.ok) named.add(name)
      return answer
    }
    return await withoutSecret(answer)
  }
  const clientAs = (credential: Secret, userAgent: string): PlatformClient =>
    createClient({
      baseUrl: 'http://localhost',
      credential,
      fetch: request => sandbox.handle(request),
      userAgent,
      random: () => 0,
      sleep: async () => undefined,
      now: () => clock.now,
    })
  const person = clientAs(administrator, 'web-page/1')
  let nonces = 0

  const runBy = async (line: string, transport: Pick<ClientOptions, 'fetch' | 'timeoutMs'>): Promise<Ran> => {
    const client = createClient({
      baseUrl: wire.url,
      credential: administrator,
      userAgent: 'fluxloop-keys/0.0.0-test',
      random: () => 0,
      // Whoever waits finds that time has passed.
      sleep: async milliseconds => void (clock.now += milliseconds),
      now: () => clock.now,
      ...transport,
    })
    const context = testContext({
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
    const invocation = readCommandLine(line.split(' '), context.version)
    if (invocation.kind === 'answered') throw new Error(`${line} only prints help`)
    const code = await runToEnd(context, () => invocation.run(context))
    return { code, text: context.out() + context.err() }
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
    replay: 'the same answer',
    pageSize: null,
    person,
    onFirst: (method, act) => void firsts.set(method, act),
    stranger: async name => {
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
    run: line => runBy(line, { fetch: handle }),
    runOverWire: (line, timeoutMs) => runBy(line, { fetch: request => fetch(request), timeoutMs }),
    succeed: async line => {
      const ran = await play.run(line)
      if (ran.code !== 0) throw new Error(`${line} exits ${ran.code}: ${ran.text}`)
      return ran
    },
    live: async () => (await person.list()).keys,
    holder: async secret => {
      const identity = await clientAs(secret, 'consumer/1')
        .whoami()
        .catch(() => null)
      return identity?.key?.id ?? null
    },
    close: async () => {
      await wire.close()
      sandbox.close()
      await rm(folder, { recursive: true })
    },
  }
  return play
}
