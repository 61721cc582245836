import { Document, type Pair, type YAMLMap, isMap, isPair, isScalar, isSeq, parseDocument } from 'yaml'

/** A named block to add to a map at the top of a configuration. */
export interface Block {
  readonly name: string
  readonly value: Readonly<Record<string, string | readonly string[]>> | readonly string[]
  /** A line of comment before it, without the `#`. */
  readonly comment?: string
}

/** The lines of one block, indented by `indent` columns. Nothing is folded, so that indenting changes no text. */
function linesOf({ name, value, comment }: Block, indent: string): string {
  const document = new Document({ [name]: value })
  for (const node of sequences(document)) node.flow = true
  const text = document.toString({ lineWidth: 0, blockQuote: false, flowCollectionPadding: false })
  const lines = [...(comment === undefined ? [] : [`# ${comment}`]), ...text.trimEnd().split('\n')]
  return lines.map(line => `${indent}${line}\n`).join('')
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

const startOf = (node: unknown): number =>
  (node as { range?: readonly [number, number, number] | null }).range?.[0] ?? 0
const endOf = (node: unknown): number =>
  (node as { range?: readonly [number, number, number] | null }).range?.[1] ?? 0

/** Puts blocks after the last key of a block map, in its own indentation. */
function appendTo(text: string, map: YAMLMap, blocks: readonly Block[]): string {
  const last = map.items.at(-1)
  const indent = column(text, startOf(map.items[0]?.key))
  const lastEnd = Math.max(endOf(last?.key), last?.value == null ? 0 : endOf(last.value))
  const end = text[lastEnd - 1] === '\n' ? lastEnd : nextLine(text, lastEnd)
  const at = afterComments(text, end, indent)
  const before = text.slice(0, at)
  const added = blocks
    .map(block => linesOf(block, ' '.repeat(indent)))
    .join(map.items.some(isSpaced) ? '\n' : '')
  const gap = map.items.some(isSpaced) ? '\n' : ''
  return `${before}${before.endsWith('\n') ? '' : '\n'}${gap}${added}${text.slice(at)}`
}

function isSpaced({ key }: Pair): boolean {
  return isScalar(key) && key.spaceBefore === true
}

/**
 * Adds blocks to the map `name` at the top of a YAML text, and leaves every other character as it is: comments, quotes and empty
 * lines. A map in flow style with something in it is rewritten as a block. The text must be sound YAML.
 */
export function addBlocks(text: string, name: string, blocks: readonly Block[]): string {
  if (blocks.length === 0) return text
  const unix = text.replaceAll('\r\n', '\n')
  const edited = addTo(unix, name, blocks)
  return text.includes('\r\n') ? edited.replaceAll('\n', '\r\n') : edited
}

function addTo(text: string, name: string, blocks: readonly Block[]): string {
  const document = parseDocument(text)
  const pair = topPair(document, name)
  if (pair === null) {
    const gap = text === '' || text.endsWith('\n\n') ? '' : text.endsWith('\n') ? '\n' : '\n\n'
    return `${text}${gap}${name}:\n${blocks.map(block => linesOf(block, '  ')).join('\n')}`
  }
  const { value } = pair
  if (isMap(value) && value.flow !== true && value.items.length > 0) return appendTo(text, value, blocks)
  if (isMap(value) && value.items.length > 0) {
    value.flow = false
    for (const block of blocks) value.set(block.name, document.createNode(block.value))
    return document.toString({ lineWidth: 0 })
  }
  // Nothing there yet: `keys:` or `keys: {}`.
  const start = endOf(pair.key)
  const end = isMap(value) ? endOf(value) : start
  const rest = text.slice(end)
  const line = nextLine(rest, 0)
  const head = `${text.slice(0, start)}:${rest.slice(isMap(value) ? 0 : 1, line)}`
  const added = blocks.map(block => linesOf(block, '  ')).join('\n')
  return `${head}${head.endsWith('\n') ? '' : '\n'}${added}${rest.slice(line)}`
}
