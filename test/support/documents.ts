// The documents as readers have them: their blocks of code, what stands before each as a comment for the tests, their headings and links.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

export interface Block {
  readonly page: string
  readonly line: number
  /** The word behind the fence; empty where there is none. */
  readonly language: string
  /** The comment right before it: `not run: REASON`, `file: PATH` or `exit: CODE`; empty where there is none. */
  readonly note: string
  readonly text: string
}

export const readDocument = (page: string): string => readFileSync(join(root, page), 'utf8')

/** Every page that people read, by its path in the repository. */
export function documentPages(): readonly string[] {
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const pages = below.filter(name => name.endsWith('.md')).map(name => `docs/${name}`)
  return ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pages.sort()]
}

/** The fenced blocks of a page, without the indentation of the list that one stands in. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = []
  const lines = readDocument(page).split('\n')
  let open: { line: number; indent: string; language: string; note: string; from: number } | null = null
  for (const [index, line] of lines.entries()) {
    const [, indent = '', language = ''] = /^( *)```(\S*)$/.exec(line) ?? []
    if (!/^ *```/.test(line)) continue
    if (open === null) {
      open = { line: index + 1, indent, language, note: noteBefore(lines, index), from: index + 1 }
      continue
    }
    const text = lines.slice(open.from, index).map(each => each.slice(open?.indent.length ?? 0))
    blocks.push({ page, line: open.line, language: open.language, note: open.note, text: text.join('\n') })
    open = null
  }
  return blocks
}

function noteBefore(lines: readonly string[], index: number): string {
  const before = lines.slice(0, index).findLast(line => line.trim() !== '') ?? ''
  return /^ *<!-- (.*) -->$/.exec(before)?.[1] ?? ''
}

/** A page without its blocks of code. */
export function proseOf(page: string): string {
  return readDocument(page).replaceAll(/^( *)```[^]*?^ *```$/gm, '')
}

export interface Link {
  readonly page: string
  readonly target: string
  /** Path in the repository of what a link within it leads to, and the heading; null where it leads elsewhere. */
  readonly file: string | null
  readonly heading: string
}

export function linksOf(page: string): readonly Link[] {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => {
    const [path = '', heading = ''] = target.split('#')
    if (/^[a-z]+:/.test(target)) return { page, target, file: null, heading }
    return { page, target, file: path === '' ? page : join(page, '..', path), heading }
  })
}

/** What GitHub makes of each heading for the address of a link. */
export function headingsOf(page: string): ReadonlySet<string> {
  const titles = [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  )
  return new Set(titles)
}
