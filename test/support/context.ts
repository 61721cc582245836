import { readCommandLine } from '../../src/cli.ts'
import type { Connection } from '../../src/runtime/connection.ts'
import type { Context } from '../../src/context.ts'
import { Failure } from '../../src/model/failure.ts'
import type { Secret } from '../../src/model/secret.ts'
import { testClient } from './client.ts'
import { renderFailure } from '../../src/render/text/failure-text.ts'
import { type OpenLine, logGuard } from '../../src/render/text/log-guard.ts'
import { paletteFor } from '../../src/render/text/palette.ts'
import { openLog, readLog } from '../../src/runtime/run-log.ts'
import type { Lease } from '../../src/stores/lease.ts'
import type { Output } from '../../src/runtime/terminal.ts'

/** The platform that a command reaches in a test, and who the command is to it. */
export interface TestPlatform {
  readonly fetch: (request: Request) => Promise<Response>
  readonly credential: Secret
}

export interface TestContextOptions {
  readonly platform?: TestPlatform
  /** Our clock. */
  readonly now?: number
  readonly timeZone?: string
  /** Are both outputs terminals? */
  readonly terminal?: boolean
  readonly width?: number
  readonly colour?: boolean
  /** What somebody answers to the questions, in order; absent: there is nobody to ask. */
  readonly answers?: readonly (string | null)[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** What a command needs beyond that. */
  readonly with?: Partial<Context>
}

/** A context in memory: what is printed is kept as text, and nothing outside of it is touched. */
export interface TestContext extends Context {
  readonly out: () => string
  readonly err: () => string
  /** `GET /api/api-keys`: every request, ids as they are. */
  readonly requests: readonly string[]
}

export const testVersion = '0.0.0-test'

const lineOf = (text: string) => (text.endsWith('\n') ? text : `${text}\n`)

function memoryOutput(options: TestContextOptions, log: OpenLine): Output & { readonly text: () => string } {
  let text = ''
  const guard = logGuard({ text: null }, log)
  return {
    isTerminal: options.terminal ?? false,
    rewritable: options.terminal ?? false,
    width: options.width ?? 100,
    palette: paletteFor(options.colour ?? false),
    print: more => void (text += guard.text(lineOf(more))),
    printPatch: more => void (text += guard.text(lineOf(more), true)),
    rewrite: more => void (text += `\r\u001b[2K${guard.rewritten(more)}`),
    exact: more => void (text += guard.exact(more)),
    command: line => void (text += guard.command(line)),
    get hasPrinted() {
      return text !== ''
    },
    leadsNowhere: false,
    printOnce: async (more, how) =>
      void (text += how === 'exactly' ? guard.exact(lineOf(more)) : guard.text(lineOf(more))),
    text: () => text,
  }
}

function unexpected(what: string): () => never {
  return () => {
    throw new Error(`this test gives its command no ${what}`)
  }
}

export function testContext(options: TestContextOptions = {}): TestContext {
  const { platform, answers, now = Date.UTC(2024, 0, 22, 10) } = options
  const log: OpenLine = { text: null }
  const stdout = memoryOutput(options, log)
  const stderr = memoryOutput(options, log)
  const requests: string[] = []
  const waiting = [...(answers ?? [])]

  function connection({ fetch, credential }: TestPlatform): Connection {
    const client = testClient({
      credential,
      credentialSource: 'the test',
      fetch: request => {
        requests.push(`${request.method} ${new URL(request.url).pathname}`)
        return fetch(request)
      },
      userAgent: `fluxloop-keys/${testVersion}`,
      now: () => now,
      timeZone: options.timeZone ?? 'UTC',
    })
    return {
      client,
      url: 'http://localhost',
      credential: { secret: credential, source: 'the test', expiresAt: null },
      close: () => undefined,
    }
  }

  return {
    version: testVersion,
    env: options.env ?? {},
    cwd: options.cwd ?? '/nowhere',
    stdout,
    stderr,
    out: stdout.text,
    err: stderr.text,
    requests,
    now: () => now,
    timeZone: options.timeZone ?? 'UTC',
    interactive: answers !== undefined,
    ask: async question => {
      stderr.exact(question)
      if (waiting.length === 0) throw new Error(`nobody answers: ${question}`)
      const answer = waiting.shift() ?? null
      stderr.exact(`${answer ?? ''}\n`)
      return answer
    },
    askSecret: async () => unexpected('secret')(),
    readSecret: async () => unexpected('secret')(),
    readInput: async () => unexpected('input')(),
    mask: async () => undefined,
    prompts: async () => unexpected('prompts')(),
    heartbeat: async () => unexpected('heartbeat')(),
    copySecret: async () => ({ ok: false, tried: [], withheld: [] }),
    connect: async () => (platform === undefined ? unexpected('platform')() : connection(platform)),
    endpoint: async () => ({ url: 'http://localhost', source: '--api-url', chosenBy: 'caller' }),
    openLogin: async () => unexpected('login')(),
    logins: async () => unexpected('logins')(),
    replica: null,
    stackLock: async () => ({
      path: '/nowhere/lock',
      take: async () => ({ lease: leaseForTest() }),
      look: async () => ({ kind: 'free' }),
      free: async () => true,
    }),
    cache: async () => ({ read: async () => null, write: async () => false }),
    stores: async () => unexpected('stores')(),
    host: () => '0000aaaa',
    operator: () => ({ host: 'build-3', user: 'ops' }),
    openLog: async path => openLog(path),
    readLog,
    nonce: () => 'abcdefghij',
    checkpoint: () => undefined,
    pause: async () => undefined,
    stopping: new AbortController().signal,
    finishingOnInterrupt: work => work(),
    untilStopped: async () => undefined,
    runProgram: async () => unexpected('program')(),
    requireMasking: async () => undefined,
    ...options.with,
  }
}

/** A new one each time: whoever holds it listens to its signal. */
function leaseForTest(): Lease {
  return {
    nonce: '0',
    requireHeld: () => undefined,
    lost: new AbortController().signal,
    release: async () => undefined,
  }
}

export type Ran = TestContext & { readonly code: number }

/** Runs a command line, split at spaces, in a context in memory. */
export async function runLine(line: string, options: TestContextOptions): Promise<Ran> {
  const context = testContext(options)
  const begun = readCommandLine(line.split(' '))
  const code = await runToEnd(context, () => begun.run(context))
  return Object.assign(context, { code })
}

/** Runs a command and shows an expected failure as main does. Resolves to the exit code. */
export async function runToEnd(context: TestContext, run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    context.stderr.print(renderFailure(error, context.stderr))
    return error.exitCode
  }
}
