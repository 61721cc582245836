import manifest from '../package.json' with { type: 'json' }
import { readCommandLine } from './cli.ts'
import { Failure, exitCodes } from './model/failure.ts'
import { renderFailure, renderUnexpected } from './render/failure.ts'
import { paletteFor, wantsColour } from './render/palette.ts'

/** Shows what went wrong on standard error. Resolves to the exit code. */
function tell(cause: unknown): number {
  const { stderr, env, argv } = process
  const palette = paletteFor(wantsColour({ isTTY: stderr.isTTY, env, noColor: argv.includes('--no-color') }))
  const options = { palette, width: stderr.isTTY ? stderr.columns : 100 }
  const expected = cause instanceof Failure
  stderr.write(`${expected ? renderFailure(cause, options) : renderUnexpected(cause, options)}\n`)
  return expected ? cause.exitCode : exitCodes.failed
}

async function main(): Promise<number> {
  const args = process.argv.slice(2)
  const invocation = readCommandLine(args, manifest.version)
  if (invocation.kind === 'answered') return 0
  const { createContext } = await import('./context.ts')
  const context = createContext(manifest.version, process, {
    noColor: invocation.noColor,
    onOutputError: error =>
      process.exit(tell(new Failure('failed', `Cannot write the output: ${error.message}`))),
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const words = context.interrupt()
      if (words === null) process.exit(exitCodes.interrupted)
      process.stderr.write(words)
    })
  }
  try {
    return await invocation.run(context)
  } finally {
    await context.close()
  }
}

// Not process.exit: what is still on its way into a pipe would be cut off.
process.exitCode = await main().catch((cause: unknown) => {
  const code = tell(cause)
  return process.argv.includes('--detailed-exitcode') ? exitCodes.failed : code
})
