import { setTimeout } from 'node:timers/promises'
import type { Context } from '../../../src/context.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Secret } from '../../../src/model/secret.ts'
import type { Transport } from '../../../src/platform/transport.ts'
import type { OpenLine } from '../../../src/render/text/log-guard.ts'
import { helperProgram } from '../../../src/runtime/helper-program.ts'
import { openCache } from '../../../src/runtime/cache.ts'
import { type Connection, connect, findEndpoint } from '../../../src/runtime/connection.ts'
import { crashHook } from '../../../src/runtime/crash.ts'
import { credentialReaders } from '../../../src/runtime/credential-readers.ts'
import type { Replica } from '../../../src/runtime/fleet-database.ts'
import { hostHash, operator } from '../../../src/runtime/host.ts'
import { nonce } from '../../../src/runtime/nonce.ts'
import { openLog, readLog } from '../../../src/runtime/run-log.ts'
import { stackLock } from '../../../src/runtime/open-stack-lock.ts'
import { type Stores, createStores } from '../../../src/stores/open.ts'
import { type CapturedOutput, captureOutput } from './captured-output.ts'

/** What one run of a stack is given. */
export interface StackSurroundings {
  readonly version: string
  /** Where the configuration is; absolute. */
  readonly cwd: string
  /** What the programs of its stores may see. */
  readonly env: NodeJS.ProcessEnv
  readonly apiUrl: string
  readonly secret: Secret
  readonly through: (transport: Transport) => Transport
  readonly replica: Replica
  /** Aborted where the replica shuts down: nothing new begins, what is in flight ends. */
  readonly stopping: AbortSignal
  /** Which programs the operator of the fleet lets stores run. */
  readonly guardStores: (stores: Stores) => Stores
}

/** The context of one run, in the place of a terminal's. */
export interface StackContext extends Context {
  readonly stdout: CapturedOutput
  readonly stderr: CapturedOutput
  readonly close: () => Promise<void>
}

function nobodyThere(): Promise<never> {
  return Promise.reject(new Failure('usage', 'Nobody can be asked here: a fleet runs by itself'))
}

/** Everything that the commands of the tool need to work on one stack of a fleet. */
export function stackContext(given: StackSurroundings): StackContext {
  const { version, cwd, env, apiUrl, secret, through, replica, stopping } = given
  const log: OpenLine = { text: null }
  const [stdout, stderr] = [captureOutput(log), captureOutput(log)]
  const connections: Connection[] = []
  const stores = createStores({ env, keychainHelper: helperProgram('keychain-helper') })
  const guarded = given.guardStores(stores)
  const readers = credentialReaders({
    env,
    logins: nobodyThere,
    now: Date.now,
    tell: text => stderr.print(text),
  })
  return {
    ...{ version, env, cwd, stdout, stderr, stopping, replica, nonce, operator, readLog },
    now: Date.now,
    timeZone: 'UTC',
    interactive: false,
    ask: nobodyThere,
    askSecret: nobodyThere,
    prompts: nobodyThere,
    readSecret: nobodyThere,
    readInput: nobodyThere,
    openLogin: nobodyThere,
    logins: nobodyThere,
    copySecret: nobodyThere,
    runProgram: nobodyThere,
    untilStopped: nobodyThere,
    heartbeat: nobodyThere,
    mask: () => Promise.resolve(),
    requireMasking: () => Promise.resolve(),
    connect: async options => {
      const connection = await connect(
        { ...options, apiUrl, secret },
        { cwd, version, readers, onRequest: null, through },
      )
      connections.push(connection)
      return connection
    },
    endpoint: async choice => await findEndpoint({ ...choice, apiUrl }, { env, cwd }),
    stores: (allowed = []) => Promise.resolve(guarded.allowing(allowed)),
    cache: () => Promise.resolve(openCache(env)),
    stackLock: target => Promise.resolve(stackLock(target, env)),
    host: hostHash,
    openLog: path => Promise.resolve(openLog(path)),
    checkpoint: crashHook(env),
    pause: time => setTimeout(time),
    finishingOnInterrupt: work => work(),
    close: async () => {
      for (const connection of connections) connection.close()
      await stores.close()
    },
  }
}
