import type { ReadStream } from 'node:tty'
import { Failure } from '../model/failure.ts'

/** All of standard input as text, at most that many bytes. Throws a usage `Failure` where it is a terminal, or more. */
export async function readInput(input: ReadStream, largest: number): Promise<string> {
  if (input.isTTY)
    throw new Failure('usage', 'Standard input is a terminal, which would show what you type', {
      hints: ['Pipe the text in, or name a file.'],
    })
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Buffer)
    size += bytes.length
    if (size > largest) throw new Failure('usage', 'What came on standard input is larger than 16 MB')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}
