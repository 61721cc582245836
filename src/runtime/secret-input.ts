import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'
import { Failure } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'
import { keyOf } from '../platform/credentials.ts'

const largestKey = 16_384

/**
 * Asks for a key on standard error and shows nothing of what is typed or pasted. Null where there is no answer. Ctrl-C is
 * an `interrupted` Failure; the terminal is left as it was.
 */
export async function askSecret(
  question: string,
  input: ReadStream,
  output: WriteStream,
): Promise<Secret | null> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  // It puts the terminal into raw mode, which has no echo: before the question, so that early typing does not show either.
  const reader = createInterface({ input, output: nowhere, terminal: true, historySize: 0 })
  try {
    output.write(question)
    const line = await new Promise<string>((resolve, reject) => {
      reader.once('line', resolve)
      reader.once('SIGINT', () => reject(new Failure('interrupted', 'Interrupted: nothing was changed')))
      reader.once('close', () => resolve(''))
    })
    return line.trim() === '' ? null : keyOf(line, 'What was typed')
  } finally {
    reader.close()
    output.write('\n')
  }
}

/** All of standard input, for a key in a pipe. Throws a usage `Failure` where it is a terminal, or far too long. */
export async function readSecret(input: ReadStream): Promise<Secret> {
  if (input.isTTY) {
    throw new Failure('usage', 'Standard input is a terminal, which would show what you type', {
      hints: ['Pipe the key in, as in `pass show fluxloop | fluxloop-keys auth login --with-token`.'],
    })
  }
  return keyOf(await readAll(input), 'What came on standard input')
}

async function readAll(input: ReadStream): Promise<string> {
  let text = ''
  try {
    for await (const chunk of input) {
      text += String(chunk)
      if (text.length > largestKey)
        throw new Failure('usage', 'What came on standard input is not an API key: it is too long')
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    const { message } = cause as Error
    throw new Failure('usage', `Standard input cannot be read: ${message}`, {
      hints: ['Pipe the key in, or name a file that has nothing else in it.'],
    })
  }
  return text
}
