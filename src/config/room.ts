import { type Source, fileDiagnostic } from './source.ts'
import type { Diagnostic } from '../model/diagnostic.ts'

const mebibyte = 1024 * 1024
const mostCharacters = 16 * mebibyte
/** Each may begin a value. Ten thousand keys have some 400,000; a million values take 300 MB. */
const mostMarks = 1_000_000

const [lineFeed, comma, colon, bracket, brace] = [0x0a, 0x2c, 0x3a, 0x5b, 0x7b]

function marksIn(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === lineFeed || code === comma || code === colon || code === bracket || code === brace)
      count += 1
  }
  return count
}

/** How much all files of one configuration may hold: whoever can write one could otherwise use up the machine that checks it. */
export class Room {
  #characters = mostCharacters
  #marks = mostMarks

  /** Null where the file fits in with those before it. */
  take({ file, text }: Pick<Source, 'file' | 'text'>): Diagnostic | null {
    this.#characters -= text.length
    if (this.#characters >= 0) this.#marks -= marksIn(text)
    if (this.#characters >= 0 && this.#marks >= 0) return null
    const what =
      this.#characters < 0
        ? '16 MB of text'
        : `${mostMarks.toLocaleString('en')} lines, colons, commas and brackets`
    return fileDiagnostic(
      file,
      'too-large',
      `With this file the configuration has more than ${what}, which is not read`,
      'Split it into several stacks.',
    )
  }
}
