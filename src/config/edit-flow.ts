import { Document, type YAMLMap, isMap } from 'yaml'
import { lineBreakNear } from '../model/line-break.ts'
import type { Block } from './yaml-block.ts'
import { endOf, startOf } from './yaml-ranges.ts'

/** `name: { ... }`, on one line, as it stands within braces. */
function entryOf({ name, value }: Pick<Block, 'name' | 'value'>): string {
  const document = new Document({ [name]: value }, { aliasDuplicateObjects: false })
  if (isMap(document.contents)) document.contents.flow = true
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trim().slice(1, -1)
}

interface Room {
  /** Where the last entry and its comma, if it has one, end. */
  readonly end: number
  readonly hasComma: boolean
  /** What stands before each new entry. */
  readonly gap: string
  /** What the lines between entries are indented by; null where all stand on one line. */
  readonly indent: string | null
}

/** The room after the last entry of a map in braces that has one. */
function roomAfter(text: string, map: YAMLMap): Room {
  const last = map.items.at(-1)
  const valueEnd = Math.max(endOf(last?.key), last?.value == null ? 0 : endOf(last.value))
  const comma = /^[ \t]*,/.exec(text.slice(valueEnd))?.[0] ?? ''
  const end = valueEnd + comma.length
  const start = startOf(last?.key)
  const indent = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  if (!/^[ \t]*$/.test(indent)) return { end, hasComma: comma !== '', gap: ' ', indent: null }
  return { end, hasComma: comma !== '', gap: lineBreakNear(text, start) + indent, indent }
}

/**
 * Puts blocks after the last entry of a map in braces, each on a line of its own where the entries have such, and leaves every other
 * character as it is. Where all stand on one line there is no room for comments.
 */
export function appendToFlow(text: string, map: YAMLMap, blocks: readonly Block[]): string {
  const entries = (gap: string) =>
    blocks.map(block => {
      const comment = gap === ' ' || block.comment === undefined ? '' : `${gap}# ${block.comment}`
      return `${comment}${gap}${entryOf(block)}`
    })
  if (map.items.length === 0) {
    const open = startOf(map) + 1
    return `${text.slice(0, open)}${entries(' ').join(',')} ${text.slice(endOf(map) - 1)}`
  }
  const { end, hasComma, gap, indent } = roomAfter(text, map)
  const added = `${entries(gap).join(',')}${hasComma ? ',' : ''}`
  const before = text.slice(0, end) + (hasComma ? '' : ',')
  // A comment behind the last entry stays behind it.
  const comment = indent === null ? '' : (/^[ \t]*#[^\r\n]*/.exec(text.slice(end))?.[0] ?? '')
  return `${before}${comment}${added}${text.slice(end + comment.length)}`
}
