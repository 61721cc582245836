import { Document, type Pair, type YAMLMap, isMap, isPair, isScalar, isSeq, parseDocument } from 'yaml'
import { lineBreakNear } from '../model/line-break.ts'
import { appendToFlow } from './edit-flow.ts'
import type { Block } from './yaml-block.ts'
import { endOf, startOf } from './yaml-ranges.ts'

/** The lines of one block, after `indent`. Nothing is folded, so that indenting changes no text. */
function linesOf({ name, value, comment }: Block, indent: string, lineBreak: string): string {
  const document = new Document({ [name]: value })
  for (const node of sequences(document)) node.flow = true
  const text = document.toString({ lineWidth: 0, blockQuote: false, flowCollectionPadding: false })
  const lines = [...(comment === undefined ? [] : [`# ${comment}`]), ...text.trimEnd().split('\n')]
  return lines.map(line => `${indent}${line}${lineBreak}`).join('')
}

function sequences(document: Document): { flow?: boolean | undefined }[] {
  const found: { flow?: boolean | undefined }[] = []
  const walk = (node: unknown): void => {
    if (isSeq(node)) found.push(node)
    if (isMap(node)) for (const pair of node.items) walk(pair.value)
  }
  walk(document.contents)
  return found
}

function topPair(document: ReturnType<typeof parseDocument>, name: string): Pair | null {
  const { contents } = document
  if (!isMap(contents)) return null
  return contents.items.filter(isPair).find(({ key }) => isScalar(key) && key.value === name) ?? null
}

/** The offset of the line after `offset`; the end of the text where there is none. */
function nextLine(text: string, offset: number): number {
  const end = text.indexOf('\n', Math.max(0, offset))
  return end === -1 ? text.length : end + 1
}

/** Comments that are indented like a map's own keys, right after its last one, belong to that map. */
function afterComments(text: string, offset: number, indent: number): number {
  let end = offset
  for (let at = offset; at < text.length; at = nextLine(text, at)) {
    const line = text.slice(at, nextLine(text, at))
    if (line.trim() === '') continue
    if (!line.trimStart().startsWith('#') || line.search(/\S/) < indent) break
    end = nextLine(text, at)
  }
  return end
}

function column(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}

/** Puts blocks after the last key of a block map, in its own indentation. */
function appendTo(text: string, map: YAMLMap, blocks: readonly Block[]): string {
  const last = map.items.at(-1)
  const indent = column(text, startOf(map.items[0]?.key))
  const lastEnd = Math.max(endOf(last?.key), last?.value == null ? 0 : endOf(last.value))
  const end = text[lastEnd - 1] === '\n' ? lastEnd : nextLine(text, lastEnd)
  const at = afterComments(text, end, indent)
  const before = text.slice(0, at)
  const lineBreak = lineBreakNear(text, at)
  const gap = map.items.some(isSpaced) ? lineBreak : ''
  const added = blocks.map(block => linesOf(block, ' '.repeat(indent), lineBreak)).join(gap)
  return `${before}${before.endsWith('\n') ? '' : lineBreak}${gap}${added}${text.slice(at)}`
}

function isSpaced({ key }: Pair): boolean {
  return isScalar(key) && key.spaceBefore === true
}

/**
 * Adds blocks to the map `name` at the top of a YAML text, and leaves every other character as it is: comments, quotes, empty lines,
 * braces, and the line breaks, of which new lines have those of their neighbours. The text must be valid YAML.
 */
export function addBlocks(text: string, name: string, blocks: readonly Block[]): string {
  if (blocks.length === 0) return text
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  return mark + addTo(text.slice(mark.length), name, blocks)
}

function addTo(text: string, name: string, blocks: readonly Block[]): string {
  const document = parseDocument(text)
  const { contents } = document
  const pair = topPair(document, name)
  const isFlow = isMap(contents) && contents.flow === true
  if (pair === null) {
    if (isFlow) {
      const value = Object.fromEntries(blocks.map(block => [block.name, block.value]))
      return appendToFlow(text, contents, [{ name, value }])
    }
    const lineBreak = lineBreakNear(text, text.length)
    const gap =
      text === '' || /\n\r?\n$/.test(text) ? '' : text.endsWith('\n') ? lineBreak : lineBreak.repeat(2)
    const added = blocks.map(block => linesOf(block, '  ', lineBreak)).join(lineBreak)
    return `${text}${gap}${name}:${lineBreak}${added}`
  }
  const { value } = pair
  if (isMap(value) && (isFlow || (value.flow === true && value.items.length > 0)))
    return appendToFlow(text, value, blocks)
  if (isMap(value) && value.items.length > 0) return appendTo(text, value, blocks)
  // Nothing there yet: `keys:` or `keys: {}`.
  const start = endOf(pair.key)
  const lineBreak = lineBreakNear(text, start)
  const end = isMap(value) ? endOf(value) : start
  const rest = text.slice(end)
  const line = nextLine(rest, 0)
  const head = `${text.slice(0, start)}:${rest.slice(isMap(value) ? 0 : 1, line)}`
  const added = blocks.map(block => linesOf(block, '  ', lineBreak)).join(lineBreak)
  return `${head}${head.endsWith('\n') ? '' : lineBreak}${added}${rest.slice(line)}`
}
