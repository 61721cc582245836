import { fstatSync, fsyncSync, statSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { ReadStream, WriteStream } from 'node:tty'
import { Failure } from '../model/failure.ts'
import { type OpenLine, guarded, logGuard } from '../render/text/log-guard.ts'
import { terminalWidth } from '../render/text/terminal-width.ts'
import { type Palette, paletteFor, wantsColour } from '../render/text/palette.ts'

/** One of the two output streams, with what is known of who reads it. */
export interface Output {
  readonly isTerminal: boolean
  /** Can a line be erased and written anew? Not in a file or a pipe, and not on a terminal that calls itself dumb. */
  readonly rewritable: boolean
  /** Columns: those of the terminal, or 100 where there is none. */
  readonly width: number
  readonly palette: Palette
  /** Something was written to it. */
  readonly hasPrinted: boolean
  /** It is /dev/null, or was closed when we began, which Node makes the same of. */
  readonly leadsNowhere: boolean
  /** Writes text and ends it with a line feed where it has none. Whatever it holds, no CI runner finds a command in it. */
  print(text: string): void
  /** The same for a unified diff. */
  printPatch(text: string): void
  /** The same in place of the line that stands there, and without a line feed. */
  rewrite(text: string): void
  /** Writes bytes that somebody asked for by name, as they are. */
  exact(text: string): void
  /**
   * Prints what can be shown only once; `exactly`: as it is. Resolves when the system has taken all of it, and rejects with a
   * `Failure` where it has not.
   */
  printOnce(text: string, how?: 'exactly'): Promise<void>
  /** Gives the CI runner a command of our own. */
  command(line: string): void
}

const widthOfPipes = 100
const eraseLine = '\r\u001b[2K'

export function cannotWrite({ message }: Error): Failure {
  return new Failure('failed', `Cannot write the output: ${message}`)
}

/** Where text goes, with the number of its file descriptor. */
export type StandardStream = WriteStream & { readonly fd: number }

function isNowhere({ fd }: StandardStream): boolean {
  try {
    const stats = fstatSync(fd)
    return stats.isCharacterDevice() && stats.rdev === statSync('/dev/null').rdev
  } catch {
    return false
  }
}

/** Node's stream takes a file for written that has room for the first half only. */
function writeFile(fd: number, text: string): void {
  writeFileSync(fd, text)
  fsyncSync(fd)
}

function lineOf(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}

/** `log`: the last line of what both streams write, which one log may show. */
export function openOutput(
  stream: StandardStream,
  env: NodeJS.ProcessEnv,
  noColor: boolean,
  log: OpenLine,
  onError: (error: Error) => void,
): Output {
  const guard = logGuard({ text: null }, log)
  let hasPrinted = false
  const write = (text: string, done?: (error?: Error | null) => void) => {
    hasPrinted = true
    stream.write(text, done)
  }
  let told: Error | null = null
  // A reader that went away (`plan | head`) must not stop an apply in the middle, so a closed pipe is not an error.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error !== told && error.code !== 'EPIPE' && error.code !== 'EIO') onError(error)
  })
  const isTerminal = stream.isTTY
  return {
    isTerminal,
    rewritable: isTerminal && env['TERM'] !== 'dumb',
    get width() {
      return terminalWidth(stream, widthOfPipes)
    },
    palette: paletteFor(wantsColour({ isTTY: isTerminal, env, noColor })),
    get hasPrinted() {
      return hasPrinted
    },
    get leadsNowhere() {
      return isNowhere(stream)
    },
    print: text => write(guard.text(lineOf(text))),
    printPatch: text => write(guard.text(lineOf(text), true)),
    rewrite: text => write(eraseLine + guard.rewritten(text)),
    exact: text => write(guard.exact(text)),
    // A command to the CI runner is not an output of ours.
    command: line => void stream.write(guard.command(line)),
    printOnce: (text, how) =>
      new Promise<void>((resolve, reject) => {
        if (isNowhere(stream)) throw new Error('it leads nowhere')
        const lines = how === 'exactly' ? guard.exact(lineOf(text)) : guard.text(lineOf(text))
        if (fstatSync(stream.fd).isFile()) {
          hasPrinted = true
          writeFile(stream.fd, lines)
          resolve()
          return
        }
        write(lines, error => {
          told = error ?? null
          if (error) reject(error)
          else resolve()
        })
      }).catch((cause: unknown) => {
        throw cause instanceof Error ? cannotWrite(cause) : cause
      }),
  }
}

/**
 * Asks on standard error, since standard output may be a file. Null where the answer ended without a line; Ctrl-C rejects with
 * `interrupted`.
 */
export async function ask(question: string, input: ReadStream, output: WriteStream): Promise<string | null> {
  const reader = createInterface({ input, output })
  try {
    return await new Promise<string | null>((resolve, reject) => {
      // While it reads a line the terminal sends no signal, but the character.
      reader.once('SIGINT', () => {
        reject(new Failure('interrupted', 'Interrupted: without an answer, nothing is changed'))
        reader.close()
      })
      const unanswered = () => {
        output.write('\n')
        resolve(null)
      }
      reader.once('close', unanswered)
      reader.question(guarded(question)).then(answer => {
        reader.off('close', unanswered)
        resolve(answer)
      }, reject)
    })
  } finally {
    reader.close()
  }
}
