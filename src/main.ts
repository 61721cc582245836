import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'
import manifest from '../package.json' with { type: 'json' }
import { readCommandLine } from './cli.ts'
import { answerTo } from './cli/answer.ts'
import { commands } from './cli/commands.ts'
import { helpOn } from './cli/help.ts'
import { splitAtDashes } from './cli/split-at-dashes.ts'
import { Failure, exitCodes } from './model/failure.ts'
import { asksForJson, failureJsonText } from './render/text/failure-json.ts'
import { asksForEvents, eventText, failedEvent, versionEvent } from './render/report/event-line.ts'
import { renderFailure, renderUnexpected } from './render/text/failure-text.ts'
import { guarded } from './render/text/log-guard.ts'
import { terminalWidth } from './render/text/terminal-width.ts'
import { printAnswer } from './runtime/print-answer.ts'
import { paletteFor, wantsColour } from './render/text/palette.ts'

/** Is there anything on standard output yet? Set as soon as a command begins. */
let hasPrinted = () => false

/** Shows what went wrong on standard error, and for programs that asked for JSON on standard output. Resolves to the exit code. */
function tell(cause: unknown): number {
  const { stdout, stderr, env } = process
  const palette = paletteFor(wantsColour({ isTTY: stderr.isTTY, env, noColor: own.includes('--no-color') }))
  const options = { palette, width: terminalWidth(stderr, 100) }
  const expected = cause instanceof Failure
  stderr.write(guarded(`${expected ? renderFailure(cause, options) : renderUnexpected(cause, options)}\n`))
  const code = own.includes('--detailed-exitcode') || !expected ? exitCodes.failed : cause.exitCode
  const command = asksForEvents(own)
  if (command !== null) {
    const [at, { version }] = [Date.now(), manifest]
    const events = [
      ...(hasPrinted() ? [] : [versionEvent(version, command, at)]),
      failedEvent(cause, code, at),
    ]
    stdout.write(guarded(events.map(event => `${eventText(event)}\n`).join('')))
    return code
  }
  // A command that has printed its own document has said it there.
  if (asksForJson(own) && !hasPrinted()) stdout.write(guarded(`${failureJsonText(cause, code)}\n`))
  return code
}

const args = process.argv.slice(2)
/** What stands after `--` belongs to another program. */
const { own } = splitAtDashes(args)

/** A diagnostic report has the environment in it, and with it the caller's key. NODE_OPTIONS may have asked for one. */
function writeNoReports({ report }: NodeJS.Process): void {
  report.reportOnFatalError = false
  report.reportOnSignal = false
  report.reportOnUncaughtException = false
}

/** At its end Node gives terminals their modes back, and aborts, with all that is in memory, where one of them is gone. */
function letGoOfLostTerminals(): void {
  const terminals = [0, 1, 2].filter(fd => isatty(fd))
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd)
  })
}

async function main(): Promise<number> {
  writeNoReports(process)
  // The name of a group alone asks for its page.
  const { isTTY, columns } = process.stdout
  const screen = { isTTY, columns, env: process.env }
  const page = answerTo(args, manifest.version, screen, words => helpOn(words, commands))
  if (page !== null) {
    const { cannotWrite } = await import('./runtime/terminal.ts')
    try {
      printAnswer(page)
    } catch (cause) {
      throw cannotWrite(cause as Error)
    }
    return 0
  }
  const begun = readCommandLine(args)
  letGoOfLostTerminals()
  const { createContext } = await import('./context.ts')
  const context = createContext(manifest.version, process, {
    noColor: begun.noColor,
    onOutputError: failure => process.exit(tell(failure)),
  })
  hasPrinted = () => context.stdout.hasPrinted
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const words = context.interrupt(signal)
      if (words === null) process.exit(exitCodes.interrupted)
      process.stderr.write(words)
    })
  }
  try {
    return await begun.run(context)
  } finally {
    await context.close()
    // A shell stops its script only where a program died of the Ctrl-C itself.
    if (context.endedBy() === 'SIGINT') {
      process.removeAllListeners('SIGINT')
      process.kill(process.pid, 'SIGINT')
    }
  }
}

// Node would print its message and its stack as they are.
process.on('uncaughtException', cause => process.exit(tell(cause)))

// Where nothing is left to wait for before the end is reached, that is a defect and no success. 13 is Node's own code for it.
process.on('exit', () => {
  process.exitCode ??= 13
})

// Not process.exit: what is still on its way into a pipe would be cut off.
void main()
  .catch(tell)
  .then(code => {
    process.exitCode = code
  })
