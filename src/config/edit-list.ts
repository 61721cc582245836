import { lineBreakNear } from '../model/line-break.ts'
import { quoted } from './quoted.ts'

export interface TextEdit {
  readonly start: number
  readonly end: number
  readonly content: string
}

/** One item of a list, and where its text stands. */
export interface WrittenItem {
  readonly name: string
  readonly start: number
  readonly end: number
}

interface Line {
  readonly start: number
  /** After its line break. */
  readonly end: number
}

function lineAt(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', offset)
  return { start, end: end === -1 ? text.length : end + 1 }
}

/** Whole lines go; where the last of them has no line break, the one before them goes too. */
function withoutLines(text: string, { start, end }: Line): TextEdit {
  if (text[end - 1] === '\n') return { start, end, content: '' }
  const broken = text.slice(0, start).replace(/\r?\n$/, '').length
  return { start: broken, end, content: '' }
}

function standsAlone(
  text: string,
  { start, end }: WrittenItem,
  line: Line,
  style: 'flow' | 'block',
): boolean {
  if (end > line.end || start < line.start) return false
  const before = text.slice(line.start, start)
  const after = text.slice(end, line.end)
  return style === 'block'
    ? /^[ ]*-[ \t]+(?:&\S+[ \t]+)?["']?$/.test(before) && /^[ \t]*(?:#.*)?\r?\n?$/.test(after)
    : /^[ \t]*$/.test(before) && /^[ \t]*(?:,[ \t]*)?(?:#.*)?\r?\n?$/.test(after)
}

/** A run of items within one line of brackets, with the commas that were theirs. */
function withoutRun(
  text: string,
  items: readonly WrittenItem[],
  first: number,
  last: number,
): TextEdit | null {
  const [before, next] = [items[first - 1], items[last + 1]]
  const start = next === undefined && before !== undefined ? before.end : (items[first]?.start ?? 0)
  const end = next === undefined ? (items[last]?.end ?? 0) : next.start
  return /[#\n]/.test(text.slice(start, end)) ? null : { start, end, content: '' }
}

/**
 * Makes a list in YAML text hold the wanted names: what it has of them stays as it is written, what is new takes the place of
 * the first that goes. Null where a comment would be lost that is not about an item which goes.
 */
export function editList(
  text: string,
  items: readonly WrittenItem[],
  names: readonly string[],
  style: 'flow' | 'block',
): readonly TextEdit[] | null {
  const seen = new Set(items.map(({ name }) => name))
  const added = names.filter(name => !seen.has(name)).map(quoted)
  const goes = items.map(({ name }) => !names.includes(name))
  const edits: TextEdit[] = []
  const lines: Line[] = []
  if (added.length > 0) {
    const at = goes.indexOf(true)
    const item = items[at]
    if (item === undefined) return null
    const { start, end } = item
    const line = lineAt(text, start)
    if (style === 'block' && !standsAlone(text, item, line, style)) return null
    const dash = text.slice(line.start).match(/^[ ]*-[ ]+/)?.[0] ?? ''
    const own = text.slice(line.start, line.end)
    const eol = own.endsWith('\n') ? (own.endsWith('\r\n') ? '\r\n' : '\n') : lineBreakNear(text, line.start)
    edits.push({ start, end, content: added.join(style === 'block' ? `${eol}${dash}` : ', ') })
    goes[at] = false
  }
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    if (goes[index] !== true || item === undefined) continue
    const line = lineAt(text, item.start)
    if (standsAlone(text, item, line, style)) {
      const above = lines.at(-1)
      if (above?.end === line.start) lines[lines.length - 1] = { start: above.start, end: line.end }
      else lines.push(line)
      continue
    }
    let last = index
    while (goes[last + 1] === true) last += 1
    const edit = style === 'block' ? null : withoutRun(text, items, index, last)
    if (edit === null) return null
    edits.push(edit)
    index = last
  }
  return [...edits, ...lines.map(each => withoutLines(text, each))]
}
