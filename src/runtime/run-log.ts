import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { readBounded } from '../files/bounded-file.ts'
import { Failure } from '../model/failure.ts'
import { type LogLine, parseLogLine } from '../model/log.ts'

/** A log that is open for appending. */
export interface RunLog {
  /** Appends one line, with its line feed, in one write. Throws a Failure. */
  append(line: string): void
  close(): void
}

function failure(action: string, path: string, cause: unknown): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
  return new Failure('failed', `Cannot ${action} the log ${path}: ${code}`, {
    hints: ['Check the path and its permissions, or name another file with --log.'],
  })
}

function endsInsideLine(file: number): boolean {
  const { size } = fstatSync(file)
  if (size === 0) return false
  const last = Buffer.alloc(1)
  return readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== '\n'
}

/**
 * Opens a log, which is made (0600) where it is missing; a writer that was killed in the middle of a line does not spoil
 * the next one. Every line is one write at the end of the file, so several runs may write to one log.
 */
export function openLog(path: string): RunLog {
  let file: number
  let torn: boolean
  try {
    file = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600)
  } catch (cause) {
    throw failure('write', path, cause)
  }
  try {
    if (!fstatSync(file).isFile()) throw new Failure('failed', `The log ${path} is not a regular file`)
    torn = endsInsideLine(file)
  } catch (cause) {
    closeSync(file)
    throw cause instanceof Failure ? cause : failure('read', path, cause)
  }
  return {
    append(line) {
      const bytes = Buffer.from(`${torn ? '\n' : ''}${line}\n`)
      torn = true
      try {
        if (writeSync(file, bytes) < bytes.length)
          throw new Failure('failed', `The log ${path} took only a part of a line`)
      } catch (cause) {
        throw cause instanceof Failure ? cause : failure('write', path, cause)
      }
      torn = false
    },
    close: () => closeSync(file),
  }
}

export interface ReadLog {
  readonly lines: readonly LogLine[]
  /** How many lines could not be understood; the last one, cut off by a crash, is none of them. */
  readonly unreadable: number
}

/** No longer text fits into one string. */
const largest = 500_000_000

/** Reads a log. Throws a Failure where there is none. */
export async function readLog(path: string): Promise<ReadLog> {
  let text: string
  try {
    const file = await readBounded(path, largest)
    if (!file.ok) {
      const why = file.why === 'too-large' ? 'is larger than 500 MB' : 'is not a regular file'
      throw new Failure('failed', `The log ${path} ${why}`, { hints: ['Name another file with --log.'] })
    }
    text = file.bytes.toString('utf8')
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      throw new Failure('not-found', `There is no log ${path}`, {
        hints: ['`fluxloop-keys apply --log FILE` begins one.'],
      })
    }
    throw failure('read', path, cause)
  }
  const rows = text.split('\n')
  const torn = rows.pop() ?? ''
  const parsed = [
    ...rows.filter(row => row.trim() !== ''),
    ...(parseLogLine(torn) === null ? [] : [torn]),
  ].map(parseLogLine)
  const lines = parsed.filter(line => line !== null)
  return { lines, unreadable: parsed.length - lines.length }
}
