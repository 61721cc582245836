import { breakCommandsInJson } from './runner-commands.ts'
import { replaceUnsafe } from './escape.ts'
import { unicodeEscape } from './unicode-escape.ts'

/** JSON without what a terminal or a CI runner acts on, as JSON escapes, so a reader gets the exact value. */
export function safeJson(json: string): string {
  return breakCommandsInJson(
    replaceUnsafe(json, character => (character === '\n' ? character : unicodeEscape(character))),
  )
}

/** JSON text, indented by two, that is safe on a terminal and in the log of a CI job. */
export function jsonText(value: object): string {
  return safeJson(JSON.stringify(value, null, 2))
}
