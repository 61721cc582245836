// Writes the table of docs/platform.md: which feature works how, where the platform lacks what. Run: node --import=tsx scripts/platform-table.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Capability, capabilities, features } from '../src/platform/capabilities.ts'

const page = new URL('../docs/platform.md', import.meta.url)
const [start, end] = ['<!-- begin: scripts/platform-table.ts -->', '<!-- end: scripts/platform-table.ts -->']

const named = (name: string) => (name.startsWith('`') ? name : `\`${name}\``)
const cells = { otherwise: 'differently', held: 'held', no: '**no**' } as const

function table(): string {
  const rows: readonly Capability[] = Object.values(capabilities)
  const lines = rows.map(({ name, effects }) => {
    const row = features.map(feature => {
      const effect = effects[feature]
      return effect === undefined ? 'yes' : cells[effect.works]
    })
    return [named(name), ...row]
  })
  return [['without', ...features], ['---', ...features.map(() => '---')], ...lines]
    .map(line => `| ${line.join(' | ')} |`)
    .join('\n')
}

/** What is not as usual, once for all features that have it in common. */
function notes(): string {
  const rows: readonly Capability[] = Object.values(capabilities)
  return rows
    .map(({ name, effects }) => {
      const words = new Map<string, string[]>()
      for (const feature of features) {
        const how = effects[feature]?.how
        if (how !== undefined) words.set(how, [...(words.get(how) ?? []), feature])
      }
      const notes = [...words].map(([how, which]) => `${which.join(', ')}: ${how}`)
      return `- Without ${named(name)}: ${notes.join(' ')}`
    })
    .join('\n')
}

/** The page with the table as it should be now. */
export function platformPage(text: string): string {
  const [before] = text.split(start)
  const after = text.slice(text.indexOf(end))
  return `${before ?? ''}${start}\n\n${table()}\n\n${notes()}\n\n${after}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, platformPage(readFileSync(page, 'utf8')))
}
