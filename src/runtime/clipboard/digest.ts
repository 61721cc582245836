import { createHash } from 'node:crypto'

/** SHA-256 in hexadecimal digits: tells whether another text is the same, and nothing else of it. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
