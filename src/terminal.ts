import { createInterface } from 'node:readline/promises'
import type { ReadStream, WriteStream } from 'node:tty'
import { Failure } from './model/failure.ts'
import { type Palette, paletteFor, wantsColour } from './render/palette.ts'

/** One of the two output streams, with what is known of who reads it. */
export interface Output {
  readonly isTerminal: boolean
  /** Can a line be erased and written anew? Not in a file or a pipe, and not on a terminal that calls itself dumb. */
  readonly rewritable: boolean
  /** Columns: those of the terminal, or 100 where there is none. */
  readonly width: number
  readonly palette: Palette
  /** Writes text and ends it with a line feed where it has none. */
  print(text: string): void
  /** Writes text as it is. */
  write(text: string): void
}

const widthOfPipes = 100

/** A reader that went away (`plan | head`) must not stop an apply in the middle, so a closed pipe is no error. */
function toleratingClosedPipe(stream: WriteStream, onError: (error: Error) => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') onError(error)
  })
}

export function openOutput(
  stream: WriteStream,
  env: NodeJS.ProcessEnv,
  noColor: boolean,
  onError: (error: Error) => void,
): Output {
  toleratingClosedPipe(stream, onError)
  const isTerminal = stream.isTTY
  return {
    isTerminal,
    rewritable: isTerminal && env['TERM'] !== 'dumb',
    get width() {
      return isTerminal ? stream.columns : widthOfPipes
    },
    palette: paletteFor(wantsColour({ isTTY: isTerminal, env, noColor })),
    print: text => stream.write(text.endsWith('\n') ? text : `${text}\n`),
    write: text => stream.write(text),
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
      reader.question(question).then(answer => {
        reader.off('close', unanswered)
        resolve(answer)
      }, reject)
    })
  } finally {
    reader.close()
  }
}
