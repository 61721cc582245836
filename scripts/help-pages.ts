// Writes down the pages of the help, by the words that they are asked with: the file that answers `--help` needs none of the definitions
// that they are made from.
import { mkdir, writeFile } from 'node:fs/promises'
import { commands } from '../src/cli/commands.ts'
import { helpOn, spellings } from '../src/cli/help.ts'
import { topicNames } from '../src/cli/topics.ts'

const folder = new URL('../src/cli/generated/', import.meta.url)

const groups = commands.flatMap(({ name }) => name.split(' ').slice(0, -1))
const asked = new Set(['', ...topicNames, ...groups, ...commands.flatMap(spellings)])
const entries = [...asked].flatMap(words => {
  const entry = helpOn(words, commands)
  return entry === null ? [] : [[words, JSON.stringify(entry)] as const]
})

await mkdir(folder, { recursive: true })
await writeFile(
  new URL('help-pages.ts', folder),
  `// Made by scripts/help-pages.ts.
import type { HelpEntry } from '../help.ts'

// Of all these texts a run reads one.
const pages: Readonly<Record<string, string>> = ${JSON.stringify(Object.fromEntries(entries))}

export function builtHelpOn(words: string): HelpEntry | null {
  const page = Object.hasOwn(pages, words) ? pages[words] : undefined
  return page === undefined ? null : (JSON.parse(page) as HelpEntry)
}
`,
)
