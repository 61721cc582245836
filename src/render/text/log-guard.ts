import { breakCommandsInLines } from './runner-commands.ts'
import { escapeRaw } from './escape.ts'

/** More of a line is not looked at. What is left of a longer one counts as a whole line, so it is broken up too often, not too rarely. */
const reach = 4000

/** The last line of a log, as far as it is written. Null where nothing of ours is in the log yet, and others may have begun a line. */
export interface OpenLine {
  text: string | null
}

/** Stands between all that we print and a log that a CI runner reads for commands. */
export interface LogGuard {
  /** Text of ours with text of others in it: no command, and nothing a terminal acts on but our colours. */
  text(text: string, isPatch?: boolean): string
  /** The same, where the line that is there was erased. */
  rewritten(text: string): string
  /** Bytes that somebody asked for by name. */
  exact(text: string): string
  /** A command of our own, on a line of its own. */
  command(line: string): string
}

function written(line: OpenLine, text: string): void {
  if (text === '') return
  const whole = (line.text ?? '') + text
  line.text = whole.slice(Math.max(whole.lastIndexOf('\n') + 1, whole.length - reach))
}

/** `lines`: the stream's own last line, and that of the log in which it may be mixed with the other stream. */
export function logGuard(...lines: readonly OpenLine[]): LogGuard {
  const pass = (text: string) => {
    for (const line of lines) written(line, text)
    return text
  }
  const guard = (text: string, isPatch = false) =>
    pass(lines.reduce((safe, line) => breakCommandsInLines(safe, line.text ?? '', isPatch), escapeRaw(text)))
  return {
    text: guard,
    rewritten: text => {
      for (const line of lines) line.text = ''
      return guard(text)
    },
    exact: pass,
    command: line => pass(`${lines.every(({ text }) => text === '') ? '' : '\n'}${line}\n`),
  }
}

/** Text for a log of which nothing is known. */
export function guarded(text: string): string {
  return logGuard({ text: null }).text(text)
}
