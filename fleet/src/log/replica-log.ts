import { type Logger, pino, stdTimeFunctions } from 'pino'
import { safeJson } from '../../../src/render/text/json.ts'
import { maskedValue } from './masked.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** What a line is about; every line of a child has it. */
export interface LogPlace {
  readonly replica?: string
  /** The id of the run, as in the history. */
  readonly run?: string
  /** The name in the fleet file. */
  readonly stack?: string
}

/** Further facts of one line. A thrown error goes under `err`. */
export type LogFields = Readonly<Record<string, unknown>>

type Write = (message: string, fields?: LogFields) => void

/**
 * The structured log: one JSON object a line, with `level`, `time` (ISO 8601 in UTC), `msg`, and where there is one `replica`, `run`
 * and `stack`. It belongs on standard error: standard output is for what a command was asked for.
 */
export interface Log {
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
  child(place: LogPlace): Log
}

function wrapped(logger: Logger): Log {
  const at =
    (level: LogLevel): Write =>
    (message, fields = {}) =>
      logger[level](fields, '%s', message)
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: place => wrapped(logger.child(place)),
  }
}

/** A line as it may leave: no secret in it, and nothing that a terminal or a CI runner acts on. A reader of JSON gets the same values. */
function guardedLine(line: string): string {
  return `${safeJson(JSON.stringify(maskedValue(JSON.parse(line))))}\n`
}

/** `write` gets whole lines, each with its line feed. */
export function createLog({
  level,
  write,
}: {
  readonly level: LogLevel
  readonly write: (line: string) => void
}): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    { write: line => write(guardedLine(line)) },
  )
  return wrapped(logger)
}
