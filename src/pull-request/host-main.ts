import manifest from '../../package.json' with { type: 'json' }
import { type Context, type OwnedContext, createContext } from '../context.ts'
import { Failure, exitCodes } from '../model/failure.ts'
import { requireSecureTls } from '../platform/tls.ts'
import { renderFailure, renderUnexpected } from '../render/text/failure-text.ts'
import { guarded } from '../render/text/log-guard.ts'
import { paletteFor } from '../render/text/palette.ts'
import { fetchTo } from '../runtime/connection.ts'
import type { HostApi } from './host-calls.ts'
import { type OpenContext, type StepOutcome, nothingDone } from './step.ts'

/** What the program of a host runs with. */
export interface Program {
  readonly open: OpenContext
  /** Those that were opened. */
  readonly contexts: readonly Context[]
  /** Opens the way to the host's API. */
  readonly reach: (url: string) => Promise<Pick<HostApi, 'userAgent' | 'fetch'>>
}

/**
 * Runs the program of a host to its end, and sets the exit code. `failed`: reports what went wrong where the log is not enough.
 * A signal lets what is in flight finish, and nothing new begin: a runner that cancels a job sends SIGTERM, and some SIGINT before it.
 */
export function runMain(
  main: (program: Program) => Promise<number>,
  failed: (outcome: StepOutcome, message: string) => Promise<void> = () => Promise.resolve(),
): void {
  const contexts: OwnedContext[] = []
  const closing: (() => void)[] = []
  const program: Program = {
    contexts,
    open: cwd => {
      const options = { noColor: false, cwd, onOutputError: () => undefined }
      const context = createContext(manifest.version, process, options)
      contexts.push(context)
      return context
    },
    reach: async url => {
      requireSecureTls(url, process.env, false)
      const network = await fetchTo(url, process.env)
      closing.push(() => network.close())
      return { userAgent: `fluxloop-keys/${manifest.version}`, fetch: network.fetch }
    },
  }
  const tell = async (cause: unknown): Promise<number> => {
    const options = { palette: paletteFor(false), width: 100 }
    const isExpected = cause instanceof Failure
    const text = isExpected ? renderFailure(cause, options) : renderUnexpected(cause, options)
    process.stderr.write(guarded(`${text}\n`))
    const exitCode = isExpected ? cause.exitCode : exitCodes.failed
    const message = isExpected ? cause.message : 'internal error, see the log'
    await failed({ ...nothingDone, exitCode }, message).catch(() => undefined)
    return exitCode
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      for (const context of contexts) context.interrupt(signal)
    })
  }
  void main(program)
    .catch(tell)
    .then(async exitCode => {
      for (const close of closing) close()
      for (const context of contexts) await context.close()
      process.exitCode = exitCode
    })
}
