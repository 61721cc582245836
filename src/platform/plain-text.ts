/**
 * Terminal escape sequences: CSI (`ESC [ ... letter`), strings (OSC, DCS, SOS, PM, APC, up to BEL or ST), and the short
 * ones; each with its 8-bit form. Source: ECMA-48. Every quantifier is over a class that excludes what follows it, so
 * matching takes linear time.
 */
const escapes =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g

/** Tabs and every kind of line break. */
const breaks = /[\t\n\v\f\r\u0085\u2028\u2029]+/g

/** Control characters, bidirectional marks and overrides, invisible format characters, and halves of surrogate pairs. */
const invisible =
  /[\p{Cc}\p{Cs}\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** What needs no cleaning, as nearly all texts of a listing do not. */
const printableAscii = /^[ -~]*$/

/**
 * Text from the server as one line that is safe to print: without terminal escapes, control characters and characters
 * that reorder or hide text. Longer text is cut at `maximum` characters. Joiners stay: emoji and some scripts need them.
 */
export function plainText(text: string, maximum: number): string {
  if (text.length <= maximum && printableAscii.test(text)) return text
  const bounded = text.length > 4 * maximum ? text.slice(0, 4 * maximum) : text
  const plain = bounded.replace(escapes, '').replace(breaks, ' ').replace(invisible, '')
  const characters = Array.from(plain)
  return characters.length <= maximum ? plain : `${characters.slice(0, maximum - 1).join('')}…`
}

/** Whatever looks like a secret of the platform in a text that goes into a message. */
export function withoutSecrets(text: string): string {
  return text.replace(/flux_(dev|stg|prod|ci|user)_[^\s*.…"'`]+/gi, 'flux_$1_****')
}
