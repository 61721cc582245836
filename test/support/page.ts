import { readFileSync } from 'node:fs'

/**
 * The platform's public page on its command `apikeys`, word for word, as it was copied: white space inside its boxes and
 * empty lines were lost. Tests hold screens, help and documents to it.
 */
const lines = readFileSync(new URL('apikeys-page.txt', import.meta.url), 'utf8').split('\n')

/** One command line of the page, as its words: `apikeys`, `show`, `key_abc123`. */
export type PageExample = readonly string[]

/** The lines after `from`, in the section of a command where one is named, up to but not including `to`. */
export function pageLines(from: string, to: string, command?: string): readonly string[] {
  const section = command === undefined ? 0 : headings().find(({ name }) => name === command)?.line
  const start = lines.indexOf(from, section) + 1
  const end = lines.indexOf(to, start)
  if (section === undefined || start === 0 || end === -1)
    throw new Error(`the page has no part from ${from} to ${to}`)
  return lines.slice(start, end)
}

/** Text without what the copy of the page lost: rules and sides of boxes, repeated and outer spaces, empty lines. */
export function withoutLayout(text: string | readonly string[]): readonly string[] {
  return (typeof text === 'string' ? text.split('\n') : text)
    .map(line =>
      line
        .replaceAll(/[┌┐└┘─│]/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
    .filter(line => line !== '')
}

function headings(): readonly { readonly name: string; readonly line: number }[] {
  return lines.flatMap((text, line) => {
    const name = /^fluxloop apikeys (\w+)$/.exec(text)?.[1]
    return name !== undefined && lines[line + 2] === 'Usage:' ? [{ name, line }] : []
  })
}

/** `apikeys create --name "Read Only"`, in words. */
function words(text: string): PageExample {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}

function examplesBetween(start: number, end: number): readonly PageExample[] {
  const heads = new Set(headings().map(({ line }) => line))
  return lines
    .map((text, line) => (heads.has(line) ? '' : text))
    .slice(start, end)
    .join('\n')
    .replaceAll(/\\\n/g, '')
    .split('\n')
    .filter(text => /^fluxloop apikeys \w/.test(text) && !/[[<]/.test(text))
    .map(text => words(text.replace(/^fluxloop /, '')))
}

/** Every command line of the page. */
export const pageExamples: readonly PageExample[] = examplesBetween(1, lines.length)

export interface PageCommand {
  /** `list` */
  readonly name: string
  readonly examples: readonly PageExample[]
  /** `show-keys` */
  readonly options: readonly string[]
}

/** The commands of the page with the examples and options of their own sections. */
export const pageCommands: readonly PageCommand[] = headings().map(({ name, line }, index) => {
  const end = headings()[index + 1]?.line ?? lines.indexOf('Permissions', lines.indexOf('Permissions:') + 1)
  const options = lines[lines.indexOf('Options:', line) + 1] ?? ''
  return {
    name,
    examples: examplesBetween(line, end),
    options: [...options.matchAll(/--([a-z-]+?)(?=:| <)/g)].map(([, option]) => option ?? ''),
  }
})
