import { setTimeout } from 'node:timers/promises'
import type { ReadStream } from 'node:tty'
import type { Cache } from './runtime/cache.ts'
import type { Program, ProgramEnd } from './runtime/child-program.ts'
import type { CopiedFor } from './runtime/clipboard/copy-for.ts'
import type { Connection, ConnectionOptions, EndpointChoice } from './runtime/connection.ts'
import { crashHook } from './runtime/crash.ts'
import { hostHash, operator } from './runtime/host.ts'
import type { Instant, Milliseconds } from './model/duration.ts'
import type { Failure } from './model/failure.ts'
import type { Secret } from './model/secret.ts'
import type { Endpoint } from './platform/endpoint.ts'
import type { RequestInfo } from './platform/types.ts'
import { helperProgram } from './runtime/helper-program.ts'
import { nonce } from './runtime/nonce.ts'
import { takeEnvironment } from './runtime/own-environment.ts'
import type { Prompts } from './runtime/prompts.ts'
import type { OpenLine } from './render/text/log-guard.ts'
import { wantsColour } from './render/text/palette.ts'
import { waitingForFile } from './render/report/stack-lock-text.ts'
import { escapeControls } from './render/text/escape.ts'
import { linesFor } from './render/text/layout.ts'
import { requestLine } from './runtime/request-line.ts'
import { openRunner } from './runtime/runner.ts'
import type { Replica } from './runtime/fleet-database.ts'
import type { LockTarget } from './model/stack-lock.ts'
import type { StackLock } from './runtime/open-stack-lock.ts'
import type { LoginCalls } from './platform/device-login.ts'
import type { Logins } from './stores/logins.ts'
import type { ReadLog, RunLog } from './runtime/run-log.ts'
import type { Stores } from './stores/open.ts'
import { type Output, type StandardStream, ask, cannotWrite, openOutput } from './runtime/terminal.ts'

/** Everything a command needs from outside. Adapters are made, and their code loaded, when they are first asked for. */
export interface Context {
  readonly version: string
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly stdout: Output
  readonly stderr: Output
  readonly now: () => Instant
  /** The user's, by its IANA name: for screens. JSON is in UTC. */
  readonly timeZone: string
  /** Is there somebody to ask? */
  readonly interactive: boolean
  /** Null where there is no answer. */
  readonly ask: (question: string) => Promise<string | null>
  /** The same without a trace on the screen. Ctrl-C rejects with an `interrupted` Failure. */
  readonly askSecret: (question: string) => Promise<Secret | null>
  /** Menus and checklists, on standard error; `cancelled` is what the `interrupted` Failure of a Ctrl-C says. */
  readonly prompts: (cancelled: string) => Promise<Prompts>
  /** All of standard input. Rejects with a usage `Failure` where it is a terminal. */
  readonly readSecret: () => Promise<Secret>
  /** All of standard input as text, at most that many bytes. Rejects with a usage `Failure` where it is a terminal. */
  readonly readInput: (largest: number) => Promise<string>
  /** Tells the CI runner, where one masks, what to hide. */
  readonly mask: (secret: Secret) => Promise<void>
  readonly connect: (options: ConnectionOptions & { readonly verbose: boolean }) => Promise<Connection>
  /** The calls by which a person logs in to the platform that `connect` would call. */
  readonly openLogin: (options: ConnectionOptions) => Promise<LoginCalls & { close(): void }>
  /** Calls an address after a complete run. Resolves to what was wrong in words; null: it arrived. */
  readonly heartbeat: (url: URL) => Promise<string | null>
  /** To the clipboard of this desktop, where there is one; `clearAfter`: emptied then, unless it is null, by a process that outlives us. */
  readonly copySecret: (secret: Secret, clearAfter: Milliseconds | null) => Promise<CopiedFor>
  /** Which platform `connect` would call. */
  readonly endpoint: (choice: EndpointChoice) => Promise<Endpoint>
  /** `allowed`: the files, by their absolute paths, that stores may write to whatever they are called. */
  readonly stores: (allowed?: readonly string[]) => Promise<Stores>
  /** What `auth login` kept in the keychain. */
  readonly logins: () => Promise<Logins>
  readonly cache: () => Promise<Cache>
  /** What a replica of a fleet gives the runs that it begins; null: this is none of them. */
  readonly replica: Replica | null
  /** Keeps other runs on this machine from writing the same stack. */
  readonly stackLock: (target: LockTarget) => Promise<StackLock>
  /** A short hash of this machine and user. */
  readonly host: () => string
  /** This machine and its user, by name. */
  readonly operator: () => { readonly host: string; readonly user: string }
  /** Throws a Failure where it cannot be written. */
  readonly openLog: (path: string) => Promise<RunLog>
  readonly readLog: (path: string) => Promise<ReadLog>
  /** 10 random characters of base 36. */
  readonly nonce: () => string
  readonly checkpoint: (name: string) => void
  /** Resolves after that long. */
  readonly pause: (time: Milliseconds) => Promise<void>
  /** Aborted by the first Ctrl-C, and by an output that cannot be written while work is to be finished. */
  readonly stopping: AbortSignal
  /**
   * While `work` runs, the first Ctrl-C, or an output that cannot be written, only aborts `stopping`. Rejects with what `work`
   * rejects with, else with what was wrong with the output.
   */
  readonly finishingOnInterrupt: <T>(work: () => Promise<T>) => Promise<T>
  /** Waits for Ctrl-C, SIGTERM or SIGHUP. */
  readonly untilStopped: () => Promise<void>
  /** Throws a Failure where this is a CI job whose runner masks secrets, and cannot be told which: before a secret is made. */
  readonly requireMasking: () => Promise<void>
  /** Hands the terminal and all signals to another program until it ends. */
  readonly runProgram: (program: Program) => Promise<ProgramEnd>
}

export interface OwnedContext extends Context {
  /** Somebody wants us to end. What to say where the program goes on until what is in flight is done; null where it has to exit. */
  readonly interrupt: (signal: NodeJS.Signals) => string | null
  /** The signal that ended the program that `runProgram` ran; null where none did. */
  readonly endedBy: () => NodeJS.Signals | null
  readonly close: () => Promise<void>
}

export interface Streams {
  readonly stdin: ReadStream
  readonly stdout: StandardStream
  readonly stderr: StandardStream
}

type ContextOptions = Readonly<{ noColor: boolean; cwd?: string; onOutputError: (failure: Failure) => void }>

export function createContext(version: string, streams: Streams, options: ContextOptions): OwnedContext {
  const env = takeEnvironment()
  const { cwd = process.cwd() } = options
  const stopping = new AbortController()
  let isFinishing = false
  let isInterrupted = false
  let outputFault: Failure | null = null
  // Nobody could be told, and work that is in flight matters more than a word about it.
  const log: OpenLine = { text: null }
  const stderr = openOutput(streams.stderr, env, options.noColor, log, () => undefined)
  const stdout = openOutput(streams.stdout, env, options.noColor, log, error => {
    // What follows the first fault says the same, and may come once the work is done.
    if (outputFault !== null) return
    const fault = cannotWrite(error)
    if (!isFinishing) {
      options.onOutputError(fault)
      return
    }
    outputFault = fault
    stderr.print(`\nThe output cannot be written (${error.message}). Finishing what is in flight.`)
    stopping.abort()
  })
  const runner = openRunner(env, { stdout, stderr })
  const connections: Connection[] = []
  const logs: RunLog[] = []
  let stores: Promise<Stores> | null = null
  let onFirstInterrupt: string | null = null
  let handedOver = false
  let endedBy: NodeJS.Signals | null = null

  const tell = (text: string) => stderr.print(linesFor(escapeControls(text), stderr))
  const ownStores = () => {
    stores ??= import('./stores/open.ts').then(({ createStores }) =>
      createStores({
        env,
        keychainHelper: helperProgram('keychain-helper'),
        locking: { onWait: (lock, holder) => stderr.print(waitingForFile(lock, holder)) },
      }),
    )
    return stores
  }
  const openStores = async (allowed: readonly string[] = []) => {
    const [opened, mask] = await Promise.all([ownStores(), runner.masking()])
    const stores = opened.allowing(allowed)
    return mask?.stores(stores) ?? stores
  }
  const logins = async () => {
    const [{ openLogins }, opened] = await Promise.all([import('./stores/logins.ts'), ownStores()])
    return openLogins(opened)
  }

  return {
    version,
    env,
    cwd,
    stdout,
    stderr,
    now: Date.now,
    get timeZone() {
      return Intl.DateTimeFormat().resolvedOptions().timeZone
    },
    get interactive() {
      return streams.stdin.isTTY && streams.stderr.isTTY
    },
    ask: question => ask(question, streams.stdin, streams.stderr),
    askSecret: async question => {
      const { askSecret } = await import('./runtime/secret-input.ts')
      return await askSecret(question, streams.stdin, streams.stderr)
    },
    prompts: async cancelled => {
      const { openPrompts } = await import('./runtime/prompts.ts')
      const colour = wantsColour({ isTTY: streams.stderr.isTTY, env, noColor: options.noColor })
      return openPrompts(cancelled, { input: streams.stdin, output: streams.stderr, colour })
    },
    readSecret: async () => {
      const { readSecret } = await import('./runtime/secret-input.ts')
      const secret = await readSecret(streams.stdin)
      await runner.mask(secret)
      return secret
    },
    readInput: async largest =>
      (await import('./runtime/standard-input.ts')).readInput(streams.stdin, largest),
    mask: runner.mask,
    connect: async ({ verbose, ...where }) => {
      const [{ connect }, { credentialReaders }] = await Promise.all([
        import('./runtime/connection.ts'),
        import('./runtime/credential-readers.ts'),
      ])
      const onRequest = verbose ? (info: RequestInfo) => stderr.print(requestLine(info)) : null
      const told: string[] = []
      const readers = credentialReaders({ env, logins, now: Date.now, tell: text => void told.push(text) })
      try {
        const connection = await connect(where, { cwd, version, readers, onRequest })
        connections.push(connection)
        return (await runner.masking())?.connection(connection) ?? connection
      } finally {
        // The credential is masked before anything is printed.
        for (const text of told) tell(text)
      }
    },
    openLogin: async options => {
      const { findEndpoint, openLogin } = await import('./runtime/connection.ts')
      const { credentialReaders } = await import('./runtime/credential-readers.ts')
      const readers = credentialReaders({ env, logins, now: Date.now, tell })
      return await openLogin(await findEndpoint(options, { env, cwd }), options, { version, readers })
    },
    heartbeat: async url => {
      const { sendHeartbeat } = await import('./runtime/send-heartbeat.ts')
      return await sendHeartbeat(url, { env, version, pause: time => setTimeout(time) })
    },
    copySecret: async (secret, clearAfter) => {
      const { copyFor } = await import('./runtime/clipboard/copy-for.ts')
      const helper = helperProgram('clear-helper')
      return await copyFor(secret, { clearAfter, env, platform: process.platform, helper })
    },
    endpoint: async choice => {
      const { findEndpoint } = await import('./runtime/connection.ts')
      return await findEndpoint(choice, { env, cwd })
    },
    stores: openStores,
    logins,
    cache: async () => (await import('./runtime/cache.ts')).openCache(env),
    stackLock: async target => (await import('./runtime/open-stack-lock.ts')).stackLock(target, env),
    ...{ replica: null, host: hostHash, operator, nonce },
    openLog: async path => {
      const log = (await import('./runtime/run-log.ts')).openLog(path)
      logs.push(log)
      return log
    },
    readLog: async path => (await import('./runtime/run-log.ts')).readLog(path),
    checkpoint: crashHook(env),
    pause: time => setTimeout(time),
    stopping: stopping.signal,
    finishingOnInterrupt: async work => {
      onFirstInterrupt = '\nFinishing what is in flight. Ctrl-C again aborts.\n'
      isFinishing = true
      try {
        const done = await work()
        if (outputFault !== null) throw outputFault
        return done
      } finally {
        onFirstInterrupt = null
        isFinishing = false
      }
    },
    untilStopped: async () => {
      onFirstInterrupt = '\n'
      await new Promise<void>(resolve =>
        stopping.signal.addEventListener('abort', () => resolve(), { once: true }),
      )
    },
    requireMasking: runner.requireMasking,
    runProgram: async program => {
      const { runProgram } = await import('./runtime/child-program.ts')
      handedOver = true
      const end = await runProgram(program)
      endedBy = end.kind === 'killed' ? end.signal : null
      // Else for good: a signal to both may be seen here after the program's end.
      if (end.kind === 'not-started') handedOver = false
      return end
    },
    endedBy: () => endedBy,
    interrupt: signal => {
      if (handedOver) return ''
      // A terminal that closes says so by its shell and by the system, and neither is somebody who is in a hurry.
      if (signal === 'SIGHUP' && isInterrupted) return ''
      const words = isInterrupted ? null : onFirstInterrupt
      isInterrupted = true
      stopping.abort()
      return words
    },
    close: async () => {
      for (const connection of connections) connection.close()
      for (const log of logs) log.close()
      await (await stores)?.close()
    },
  }
}
