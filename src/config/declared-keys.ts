import { COLLECTION_STYLE, type Event, EVENT_ID, SCALAR_STYLE, getScalarValue, parseEvents } from 'js-yaml'
import type { Span } from './source.ts'
import { type Child, childrenOf, contentSpan } from './yaml-events.ts'

export type Entries = ReadonlyMap<string | number, Child>

/** A valid YAML text as events, read once for any number of questions about its keys. */
export interface DeclaredKeys {
  readonly keyIds: Iterable<string>
  /** The value under a key id; null where there is none. */
  find(keyId: string): Child | null
  /** What is in a map or list: by name, or by number. */
  entries(of: Child): Entries
  /** The text of a scalar, or of the one that an alias stands for; null of anything else. */
  textOf(child: Child): string | null
}

/** By the index of each alias: the scalar that it stands for. */
function aliasedScalars(text: string, events: readonly Event[]): ReadonlyMap<number, Event> {
  const anchors = new Map<string, Event>()
  const found = new Map<number, Event>()
  for (const [index, event] of events.entries()) {
    if (!('anchorStart' in event) || event.anchorStart < 0) continue
    const name = text.slice(event.anchorStart, event.anchorEnd)
    if (event.type !== EVENT_ID.ALIAS) anchors.set(name, event)
    else if (anchors.has(name)) found.set(index, anchors.get(name) ?? event)
  }
  return found
}

export function declaredKeys(text: string): DeclaredKeys {
  const events = parseEvents(text, {})
  const aliased = aliasedScalars(text, events)
  const entries = (index: number): Entries =>
    events[index]?.type === EVENT_ID.MAPPING || events[index]?.type === EVENT_ID.SEQUENCE
      ? childrenOf(text, events, index)
      : new Map()
  // The document itself is the first event.
  const keys = entries(entries(1).get('keys')?.at ?? -1)
  return {
    keyIds: [...keys.keys()].map(String),
    find: keyId => keys.get(keyId) ?? null,
    entries: ({ at }) => entries(at),
    textOf({ value, at }) {
      const scalar = value.type === EVENT_ID.ALIAS ? aliased.get(at) : value
      return scalar?.type === EVENT_ID.SCALAR && scalar.valueStart >= 0 ? getScalarValue(text, scalar) : null
    },
  }
}

export function isMapping({ value }: Child): boolean {
  return value.type === EVENT_ID.MAPPING
}

/** In braces or brackets. */
export function isFlow({ value }: Child): boolean {
  return 'style' in value && value.type !== EVENT_ID.SCALAR && value.style === COLLECTION_STYLE.FLOW
}

export function isList({ value }: Child): boolean {
  return value.type === EVENT_ID.SEQUENCE
}

/** The name by which others may refer to a node; null where it has none. */
export function anchorOf({ value }: Child, text: string): string | null {
  return 'anchorStart' in value && value.anchorStart >= 0
    ? text.slice(value.anchorStart, value.anchorEnd)
    : null
}

/** Where a value on one line stands, with its quotes; null for what has several lines, or no text at all. */
export function spanOf({ value }: Child): Span | null {
  const isBlock =
    value.type === EVENT_ID.SCALAR &&
    (value.style === SCALAR_STYLE.LITERAL_BLOCK || value.style === SCALAR_STYLE.FOLDED_BLOCK)
  return isBlock ? null : contentSpan(value)
}
