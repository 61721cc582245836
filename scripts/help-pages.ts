// Writes down the pages of the help, by the words that they are asked with: the file that answers `--help` needs none of the definitions
// that they are made from. Most flags belong to several commands, so that their rows are kept once, and pages have their numbers.
import { mkdir, writeFile } from 'node:fs/promises'
import { commands } from '../src/cli/commands.ts'
import { helpOn } from '../src/cli/help.ts'
import { topicNames } from '../src/cli/topics.ts'
import type { HelpRow } from '../src/render/text/help-text.ts'

const folder = new URL('../src/cli/generated/', import.meta.url)

const rows: string[] = []

function numberOf({ term, text }: HelpRow): number {
  const row = `${term}\t${text}`
  if (/\n|\t.*\t/.test(row)) throw new Error(`A row of the help has a tab or a line break in it: ${row}`)
  return rows.includes(row) ? rows.indexOf(row) : rows.push(row) - 1
}

const groups = commands.flatMap(({ name }) => name.split(' ').slice(0, -1))
const asked = ['', ...topicNames, ...groups, ...commands.map(({ name }) => name)]
const pages = asked.flatMap(words => {
  const entry = helpOn(words, commands)
  if (entry === null) return []
  const sections = entry.page.sections.map(section =>
    section.rows === undefined ? section : { ...section, rows: section.rows.map(numberOf) },
  )
  return [[words, JSON.stringify({ ...entry, page: { ...entry.page, sections } })] as const]
})
const aliases = commands.flatMap(({ name, aliases = [] }) => aliases.map(alias => [alias, name] as const))

await mkdir(folder, { recursive: true })
await writeFile(
  new URL('help-pages.ts', folder),
  `// Made by scripts/help-pages.ts.
import type { HelpPage, HelpRow, HelpSection } from '../../render/text/help-text.ts'
import type { HelpEntry } from '../help.ts'

interface Kept {
  readonly kind: HelpEntry['kind']
  readonly page: Omit<HelpPage, 'sections'> & {
    readonly sections: readonly (Omit<HelpSection, 'rows'> & { readonly rows?: readonly number[] })[]
  }
}

// Of all these texts a run reads one.
const pages: Readonly<Record<string, string>> = ${JSON.stringify(Object.fromEntries(pages))}
const aliases: Readonly<Record<string, string>> = ${JSON.stringify(Object.fromEntries(aliases))}
const rows = ${JSON.stringify(rows.join('\n'))}

function own(texts: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(texts, name) ? texts[name] : undefined
}

export function builtHelpOn(words: string): HelpEntry | null {
  const text = own(pages, own(aliases, words) ?? words)
  if (text === undefined) return null
  const { kind, page } = JSON.parse(text) as Kept
  const all = rows.split('\\n')
  const rowAt = (index: number): HelpRow => {
    const [term = '', text = ''] = (all[index] ?? '').split('\\t')
    return { term, text }
  }
  const sections = page.sections.map(({ rows: numbers, ...section }) =>
    numbers === undefined ? section : { ...section, rows: numbers.map(rowAt) },
  )
  return { kind, page: { ...page, sections } }
}
`,
)
