import { writeSync } from 'node:fs'

/** What a system says of an output that nobody reads any more. */
const unread: readonly unknown[] = ['EPIPE', 'EIO']

/**
 * Writes a line to standard output before it returns, without the stream that Node would load for it. Throws what the system says, but not of a
 * reader that went away (`--help | head -1`).
 */
export function printAnswer(text: string): void {
  const bytes = Buffer.from(`${text}\n`)
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(1, bytes, written)
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (unread.includes(code)) return
      if (code !== 'EAGAIN') throw cause
      // A pipe that is full, and does not wait.
      process.stdout.write(bytes.subarray(written))
      return
    }
  }
}
