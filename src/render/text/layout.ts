/**
 * Text that fits a terminal. Widths are columns, not characters: an ideograph or an emoji takes two. The rule is
 * written here, on what JavaScript knows of Unicode (graphemes, scripts, emoji), rather than taken from a package:
 * it is short, and the usual package would be loaded at every start for the sake of rare names.
 */

const asciiOnly = /^[\0\x20-\x7e]*$/
/** The codes of our own colours. */
export const styles = /\u001b\[\d+m/g
/** East Asian scripts and the blocks of their symbols; the half-width forms are the exception. */
const wide =
  /^(?![\uff61-\uffdc])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\u3000-\u303e\u3200-\u33ff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/u
const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|^\p{Regional_Indicator}{2}$|\u20e3/u
const invisible = /^[\p{M}\u200b-\u200d\ufe00-\ufe0f]/u

/** Fewer columns than that are treated as that many: nothing useful fits. */
export const minimumWidth = 40

/** Stands for a space that no line may end at. It cannot come from outside: `escapeControls` makes it visible. */
const fixedSpace = '\0'

let segmenter: Intl.Segmenter | undefined

function graphemes(text: string): string[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

function graphemeWidth(grapheme: string): number {
  if (emoji.test(grapheme) || wide.test(grapheme)) return 2
  return invisible.test(grapheme) ? 0 : 1
}

function withoutStyles(text: string): string {
  return text.includes('\u001b') ? text.replace(styles, '') : text
}

/** The columns that `text` takes; our own colours take none. */
export function displayWidth(text: string): number {
  const bare = withoutStyles(text)
  if (asciiOnly.test(bare)) return bare.length
  return graphemes(bare).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0)
}

/** Keeps `text` on one line when it is wrapped. */
export function unbreakable(text: string): string {
  return text.replaceAll(' ', fixedSpace)
}

/** Turns the spaces of `unbreakable` back into plain ones, in text that is not wrapped. */
export function breakable(text: string): string {
  return text.replaceAll(fixedSpace, ' ')
}

/** Pads on the right to `width` columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

/** At most `width` columns of plain text; what is cut off shows as `…`. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const grapheme of graphemes(text)) {
    used += graphemeWidth(grapheme)
    if (used > width - 1) break
    kept += grapheme
  }
  return `${kept.trimEnd()}…`.slice(0, width <= 0 ? 0 : undefined)
}

/** A word in pieces of at most `width` columns, for places that must not be wider than they are. */
export function pieces(word: string, width: number): readonly string[] {
  if (displayWidth(word) <= width) return [word]
  const all: string[] = []
  let piece = ''
  let used = 0
  for (const grapheme of graphemes(word)) {
    const columns = graphemeWidth(grapheme)
    if (piece !== '' && used + columns > width) {
      all.push(piece)
      piece = ''
      used = 0
    }
    piece += grapheme
    used += columns
  }
  return [...all, piece]
}

/** Nearly every line: its columns are its characters, and it has to be broken nowhere. */
function isWithin(width: number, text: string): boolean {
  const bare = withoutStyles(text)
  return bare.length <= width && asciiOnly.test(bare)
}

/**
 * Breaks `text` at spaces into lines of at most `width` columns. A word that is longer stands alone and whole: names,
 * ids and paths can be copied. No line ends in a space, and a colour that spans lines is closed and opened on each.
 */
export function wrap(text: string, width: number, indent = '', hanging = indent): string[] {
  if (width === Infinity || isWithin(width - displayWidth(indent), text))
    return [breakable(`${indent}${closeStyles([text])[0] ?? ''}`).trimEnd()]
  const lines: string[] = []
  let line: string | null = null
  let used = 0
  for (const word of text.split(' ')) {
    const room = width - displayWidth(lines.length === 0 ? indent : hanging)
    const length = displayWidth(word)
    if (line !== null && used + 1 + length <= room) {
      line += ` ${word}`
      used += 1 + length
      continue
    }
    if (line !== null) lines.push(line)
    line = word
    used = length
  }
  if (line !== null) lines.push(line)
  return closeStyles(lines).map((content, index) =>
    breakable(`${index === 0 ? indent : hanging}${content}`).trimEnd(),
  )
}

/** A message as a terminal shows it, without breaking words; into a pipe it stays one line, for programs that look for it. */
export function linesFor(
  text: string,
  output: { readonly isTerminal: boolean; readonly width: number },
): string {
  return wrap(text, output.isTerminal ? output.width : Infinity).join('\n')
}

function closeStyles(lines: readonly string[]): string[] {
  let open: readonly string[] = []
  return lines.map(line => {
    if (open.length === 0 && !line.includes('\u001b')) return line.trimEnd()
    const before = open.join('')
    for (const [style] of line.matchAll(styles)) {
      const closes = closedBy[style]
      open = closes === undefined ? [...open, style] : open.filter(other => !closes.test(other))
    }
    const after = open.map(style => (/\[[12]m/.test(style) ? '\u001b[22m' : '\u001b[39m')).reverse()
    return before + line.trimEnd() + after.join('')
  })
}

/** What each closing code ends: 22 bold and dim, 39 the colours. */
const closedBy: Readonly<Record<string, RegExp>> = { '\u001b[22m': /\[[12]m/, '\u001b[39m': /\[3\dm/ }
