import { replaceUnsafe, unicodeEscape } from './text.ts'

/**
 * JSON text, indented by two, that is safe on a terminal: characters that `JSON.stringify` leaves as they are though a
 * terminal acts on them (C1 controls, text direction) are written as JSON escapes, so a reader gets the exact value.
 */
export function jsonText(value: object): string {
  return replaceUnsafe(JSON.stringify(value, null, 2), character =>
    character === '\n' ? character : unicodeEscape(character),
  )
}
