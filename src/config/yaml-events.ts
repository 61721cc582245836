import { COLLECTION_STYLE, type Event, EVENT_ID, SCALAR_STYLE, getScalarValue } from 'js-yaml'

import type { Span } from './source.ts'

/** A child of a map (with its key) or of a list, as events. */
export interface Child {
  readonly key: Event | undefined
  readonly value: Event
  /** The index of `value`. */
  readonly at: number
}

/** The index just after the node that begins at `index`. */
function afterNode(events: readonly Event[], index: number): number {
  let depth = 0
  for (let at = index; at < events.length; at++) {
    const type = events[at]?.type
    if (type === EVENT_ID.POP) depth -= 1
    else if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth += 1
    if (depth === 0) return at + 1
  }
  return events.length
}

/** The children of the map or list that begins at `parent`, by name or by number; of a repeated name, the first. */
export function childrenOf(
  text: string,
  events: readonly Event[],
  parent: number,
): Map<string | number, Child> {
  const children = new Map<string | number, Child>()
  const isMap = events[parent]?.type === EVENT_ID.MAPPING
  let at = parent + 1
  let count = 0
  while (at < events.length && events[at]?.type !== EVENT_ID.POP) {
    const key = isMap ? events[at] : undefined
    if (isMap) at = afterNode(events, at)
    const index = at
    const value = events[index]
    if (value === undefined) break
    const name = key?.type === EVENT_ID.SCALAR && key.valueStart >= 0 ? getScalarValue(text, key) : count
    if (!children.has(name)) children.set(name, { key, value, at: index })
    at = afterNode(events, at)
    count += 1
  }
  return children
}

/** Where a node's own text lies; null for an empty value and for a block that is best shown by its key. */
export function contentSpan(event: Event): Span | null {
  switch (event.type) {
    case EVENT_ID.SCALAR: {
      if (event.valueStart < 0) return null
      const quotes =
        event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0
      return { start: event.valueStart - quotes, end: event.valueEnd + quotes }
    }
    case EVENT_ID.ALIAS:
      return { start: event.anchorStart - 1, end: event.anchorEnd }
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.style === COLLECTION_STYLE.FLOW ? { start: event.start, end: event.start + 1 } : null
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      return null
  }
}

/** Where a node's tag stands; null where it has none. */
export function tagSpan(events: readonly Event[], index: number): Span | null {
  const event = events[index]
  return event !== undefined && 'tagStart' in event && event.tagStart >= 0
    ? { start: event.tagStart, end: event.tagEnd }
    : null
}
