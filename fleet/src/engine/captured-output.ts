import { type OpenLine, logGuard } from '../../../src/render/text/log-guard.ts'
import { paletteFor } from '../../../src/render/text/palette.ts'
import type { Output } from '../../../src/runtime/terminal.ts'

/** What a run says beyond that is of no use to a log. */
const mostKept = 64 * 1024

export interface CapturedOutput extends Output {
  /** The end of what was printed. */
  readonly text: () => string
}

const lineOf = (text: string) => (text.endsWith('\n') ? text : `${text}\n`)

/** An output that nobody reads while the run goes on: its end is kept for the log. */
export function captureOutput(log: OpenLine): CapturedOutput {
  const guard = logGuard({ text: null }, log)
  let kept = ''
  let hasPrinted = false
  const write = (text: string) => {
    hasPrinted = true
    kept = (kept + text).slice(-mostKept)
  }
  return {
    isTerminal: false,
    rewritable: false,
    width: 100,
    palette: paletteFor(false),
    leadsNowhere: false,
    get hasPrinted() {
      return hasPrinted
    },
    print: text => write(guard.text(lineOf(text))),
    printPatch: text => write(guard.text(lineOf(text), true)),
    rewrite: text => write(guard.rewritten(text)),
    exact: text => write(guard.text(text)),
    command: line => write(guard.command(line)),
    printOnce: text => {
      write(guard.text(lineOf(text)))
      return Promise.resolve()
    },
    text: () => kept,
  }
}
