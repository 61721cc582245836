import { isDeepStrictEqual } from 'node:util'
import { type Document, isCollection, isMap, isPair, isSeq, parseDocument } from 'yaml'
import { usualLineBreak } from '../model/line-break.ts'
import { readYaml } from './read-yaml.ts'

/** A list or map in braces that is longer than that gets a line for each of its items. */
const longestFlow = 100

interface Layout {
  flow?: boolean | undefined
}

/** The library pads `[ a ]` and `{ a: 1 }` alike; here lists have no padding, as editors and prettier write them. */
function padMapsOnly(node: unknown): void {
  if (!isCollection(node)) return
  const flowCollectionPadding = isMap(node) ? ' ' : ''
  const print = node.toString.bind(node) as (context: object | undefined, ...rest: unknown[]) => string
  node.toString = (context: object | undefined, ...rest: unknown[]) =>
    print(context === undefined ? context : { ...context, flowCollectionPadding }, ...rest)
  for (const item of node.items) padMapsOnly(isPair(item) ? item.value : item)
}

/** Spreads what is too long to be read on one line; the outer ones first, so that short ones inside stay as they are. */
function spreadLong(node: unknown, document: Document, depth: number): void {
  if (!isCollection(node)) return
  const layout = node as Layout
  const isFlow = layout.flow === true
  if (isFlow && depth + String(document.createNode(node.toJSON(), { flow: true })).length > longestFlow)
    layout.flow = false
  if (isMap(node))
    for (const pair of node.items) if (isPair(pair)) spreadLong(pair.value, document, depth + 2)
  if (isSeq(node)) for (const item of node.items) spreadLong(item, document, depth + 2)
}

/** A name, perhaps of a list's item, and the comment behind it; null where a line is something else. */
function nameWithComment(line: string): string | null {
  const [, name, comment] = /^(?:- +)?(\w[\w-]*:) +(#.*)$/.exec(line.trimStart()) ?? []
  return name === undefined || comment === undefined ? null : `${name} ${comment}`
}

/** Puts comments back behind names which have a block below them: the library moves them into that block. */
function backBehindNames(formatted: string, text: string): string {
  const behind = new Set(text.split('\n').flatMap(line => nameWithComment(line) ?? []))
  const lines: string[] = []
  for (const line of formatted.split('\n')) {
    const joined = `${lines.at(-1) ?? ''} ${line.trim()}`
    const found = line.trim().startsWith('#') ? nameWithComment(joined) : null
    if (found !== null && behind.has(found)) lines[lines.length - 1] = joined
    else lines.push(line)
  }
  return lines.join('\n')
}

/**
 * The same configuration in one layout: two columns a level, one empty line at most, nothing folded. Comments, quotes, anchors
 * and the order of everything stay, and every line ends as most did. The text must be valid YAML. Null where the result would not mean the same, which would be
 * a defect.
 */
export function formatYaml(text: string): string | null {
  return formatLines(text.replaceAll('\r\n', '\n'))?.replaceAll('\n', usualLineBreak(text)) ?? null
}

function formatLines(text: string): string | null {
  const document = parseDocument(text)
  spreadLong(document.contents, document, 0)
  padMapsOnly(document.contents)
  const formatted = document.toString({ lineWidth: 0, indent: 2, indentSeq: true })
  const before = readYaml(text)
  // Lines of a text in the configuration may look like a name and its comment.
  const found = [backBehindNames(formatted, text), formatted].find(candidate => {
    const after = readYaml(candidate)
    return before.ok && after.ok && isDeepStrictEqual(before.document.root, after.document.root)
  })
  return found ?? null
}
