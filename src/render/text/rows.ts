import type { Palette } from './palette.ts'
import { displayWidth, pad, wrap } from './layout.ts'

/** One line of a block: `~ scope = a → b   # drift: changed on the platform`. */
export interface Row {
  /** `+`, `~`, `-`, or a space where nothing changes. */
  readonly mark: string
  readonly label: string
  readonly value: string
  /** Remarks behind the value, in their colours; on lines of their own where they do not fit. */
  readonly notes: readonly string[]
}

const indent = ' '.repeat(6)
/** Below this width a value goes on under its label's second letter, not under its first: columns would be too thin. */
const roomy = 60

/** Rows with their `=` aligned. */
export function renderRows(rows: readonly Row[], palette: Palette, width: number): string[] {
  const labelWidth = Math.max(0, ...rows.map(row => displayWidth(row.label)))
  return rows.flatMap(row => renderRow(row, labelWidth, palette, width))
}

function renderRow({ mark, label, value, notes }: Row, labelWidth: number, palette: Palette, width: number) {
  const lead = `${indent}${mark} ${pad(label, labelWidth)} = `
  const hanging = ' '.repeat(width < roomy ? indent.length + 4 : displayWidth(lead))
  const styledLead = lead.replace(mark, paintMark(mark, palette))
  const lines = wrap(value, width, styledLead, hanging)
  const last = lines.at(-1) ?? ''
  const note = notes.join('  ')
  if (note !== '' && displayWidth(last) + 2 + displayWidth(note) <= width) {
    return [...lines.slice(0, -1), `${last}  ${note}`]
  }
  return [...lines, ...notes.flatMap(text => wrap(text, width, hanging, `${hanging}  `))]
}

/** The symbol of a change in its colour. */
export function paintMark(mark: string, palette: Palette): string {
  switch (mark) {
    case '+':
      return palette.green(mark)
    case '-':
      return palette.red(mark)
    case '~':
      return palette.yellow(mark)
    case '>':
    case '!':
      return palette.cyan(mark)
    case '+/-':
      return `${palette.green('+')}/${palette.red('-')}`
    default:
      return mark
  }
}
