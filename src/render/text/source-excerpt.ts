import { commandMarks } from './runner-commands.ts'
import { escapeControls } from './escape.ts'
import { displayWidth } from './layout.ts'
import { unicodeEscape } from './unicode-escape.ts'

/** More of a line than any terminal shows is not even looked at: a file of one line may have megabytes. */
const reach = 400
const tab = '    '

interface Cell {
  /** Offset in the line, in UTF-16 units. */
  readonly offset: number
  readonly shown: string
  readonly width: number
}

function cellsOf(line: string, from: number, to: number): Cell[] {
  const marks = commandMarks(line.slice(from, to))
  const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
  return Array.from(segmenter.segment(line.slice(from, to)), ({ segment, index }) => {
    const shown = segment === '\t' ? tab : marks.has(index) ? unicodeEscape(segment) : escapeControls(segment)
    return { offset: from + index, shown, width: displayWidth(shown) }
  })
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, cell) => sum + cell.width, 0)
}

/**
 * A source line and the carets below it, at most `width` columns: `column` (from 1) and `length` count UTF-16 units.
 * Tabs become spaces, control characters become visible, wide characters count twice, and a long line is cut around the
 * column.
 */
export function excerpt(
  line: string,
  column: number,
  length: number,
  width: number,
): { readonly text: string; readonly carets: string } {
  const at = Math.min(column - 1, line.length)
  const from = Math.max(0, at - reach)
  const to = Math.min(line.length, at + Math.min(length, reach) + reach)
  const cells = cellsOf(line, from, to)
  const before = cells.filter(cell => cell.offset + 1 <= at)
  const after = cells.slice(before.length)
  const marked = after.filter(cell => cell.offset < at + length)

  const fits = from === 0 && to === line.length && widthOf(cells) <= width
  const left = fits ? before : lastThatFit(before, Math.floor(width / 2) - 1)
  const cutLeft = from > 0 || left.length < before.length
  const lead = cutLeft ? '…' : ''
  const room = width - lead.length - widthOf(left)
  const right = fits ? after : firstThatFit(after, room - 1)
  const cutRight = to < line.length || right.length < after.length

  const text = lead + [...left, ...right].map(cell => cell.shown).join('') + (cutRight ? '…' : '')
  const caretWidth = widthOf(right.slice(0, marked.length))
  return {
    text: text.trimEnd(),
    carets: ' '.repeat(lead.length + widthOf(left)) + '^'.repeat(Math.max(1, caretWidth)),
  }
}

function firstThatFit(cells: readonly Cell[], width: number): Cell[] {
  let used = 0
  const end = cells.findIndex(cell => (used += cell.width) > width)
  return end < 0 ? [...cells] : cells.slice(0, end)
}

function lastThatFit(cells: readonly Cell[], width: number): Cell[] {
  return firstThatFit([...cells].reverse(), width).reverse()
}
