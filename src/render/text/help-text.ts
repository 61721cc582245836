import type { Palette } from './palette.ts'
import { displayWidth, minimumWidth, pad, wrap } from './layout.ts'

/** A command, a flag or a variable, and what it is. */
export interface HelpRow {
  readonly term: string
  readonly text: string
}

export interface HelpSection {
  readonly title: string
  readonly rows?: readonly HelpRow[]
  /** Command lines without the program's name. */
  readonly examples?: readonly string[]
  /** Shown as they are: lines of YAML. None is longer than 72 columns. */
  readonly lines?: readonly string[]
}

/** What `help` shows, as values: of the program, of a group of commands, of one, or of a topic. */
export interface HelpPage {
  readonly title: string
  readonly summary: string
  /** Paragraphs. */
  readonly about: readonly string[]
  /** Without the program's name. */
  readonly usage: readonly string[]
  readonly sections: readonly HelpSection[]
}

export interface HelpLook {
  readonly palette: Palette
  /** Columns; no line is longer, unless one word is. */
  readonly width: number
}

const program = 'fluxloop-keys'
const widestTerm = 28
const gap = 2

/** Words of a command line; what stands between quotes is one. */
function wordsOf(line: string): readonly string[] {
  return line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []
}

/** A command line, broken as a shell takes it. */
function commandLines(line: string, width: number): readonly string[] {
  const lines: string[] = []
  let current = `  $ ${program}`
  for (const word of wordsOf(line)) {
    // Room for the backslash.
    if (displayWidth(current) + 1 + displayWidth(word) + 2 > width) {
      lines.push(`${current} \\`)
      current = `      ${word}`
    } else current += ` ${word}`
  }
  return [...lines, current]
}

function rowLines({ term, text }: HelpRow, column: number, width: number): readonly string[] {
  const lead = `  ${term}`
  const hanging = ' '.repeat(column)
  if (displayWidth(lead) + gap > column)
    return [...wrap(term, width, '  ', '    '), ...wrap(text, width, hanging)]
  return wrap(text, width, pad(lead, column), hanging)
}

function sectionLines(section: HelpSection, column: number, { palette, width }: HelpLook): readonly string[] {
  const { title, rows = [], examples = [], lines = [] } = section
  return [
    '',
    palette.bold(title),
    ...rows.flatMap(row => rowLines(row, column, width)),
    ...examples.flatMap(line => commandLines(line, width)),
    ...lines.map(line => `  ${line}`.trimEnd()),
  ]
}

/** Ends without a line break. */
export function renderHelp(page: HelpPage, look: HelpLook): string {
  const width = Math.max(minimumWidth, look.width)
  const terms = page.sections.flatMap(({ rows = [] }) => rows.map(({ term }) => displayWidth(term)))
  const fitting = terms.filter(columns => columns <= Math.min(widestTerm, Math.floor(width * 0.4)))
  const column = 2 + Math.max(8, ...fitting) + gap
  const hanging = ' '.repeat(6 + program.length)
  return [
    ...wrap(page.summary, width),
    ...page.about.flatMap(paragraph => ['', ...wrap(paragraph, width)]),
    ...(page.usage.length === 0 ? [] : ['', look.palette.bold('Usage')]),
    ...page.usage.flatMap(line => wrap(`${program} ${line}`, width, '  ', hanging)),
    ...page.sections.flatMap(section => sectionLines(section, column, { ...look, width })),
  ].join('\n')
}
