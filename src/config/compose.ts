import { type Event, EVENT_ID, SCALAR_STYLE, getScalarValue } from 'js-yaml'

import { bareMap } from './bare-map.ts'
import { mostDiagnostics } from './diagnostic-list.ts'
import { resolvePlain } from './scalar.ts'
import type { Problem, Span } from './source.ts'
import { type Child, childrenOf, contentSpan, tagSpan } from './yaml-events.ts'

/** Nodes that aliases may stand for, all in all: enough for 10,000 keys that share a block, too few for a bomb. */
const maximumAliasedNodes = 250_000

interface Anchor {
  readonly value: unknown
  /** Nodes, with aliases expanded; null while it is being read. */
  size: number | null
}

/** Plain data, and the event at which each of its maps and lists begins. */
export interface Composed {
  readonly root: unknown
  readonly containers: ReadonlyMap<object, number>
  readonly problems: readonly Problem[]
  /** That many more there are. */
  readonly omitted: number
}

/** Tags that say what a value is anyway; all others are not YAML's own. */
function tagFits(tag: string, value: unknown): boolean {
  switch (tag) {
    case '!!null':
      return value === null
    case '!!bool':
      return typeof value === 'boolean'
    case '!!int':
      return Number.isInteger(value)
    case '!!float':
      return typeof value === 'number'
    case '!!seq':
      return Array.isArray(value)
    case '!!map':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    default:
      return false
  }
}

function isMergeKey(event: Event, name: string): boolean {
  return name === '<<' && event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN
}

/**
 * Builds one document's data from its events, from `first` (the event after the document's own).
 * Maps inherit nothing, so `__proto__` is a name like any other.
 */
export function compose(text: string, events: readonly Event[], first: number): Composed {
  const containers = new Map<object, number>()
  const anchors = new Map<string, Anchor>()
  const problems: Problem[] = []
  const looked = new Map<number, ReturnType<typeof childrenOf>>()
  let at = first
  let aliased = 0
  let omitted = 0

  function problem(code: Problem['code'], span: Span, message: string, hint: string, related: Span[] = []) {
    if (problems.length >= mostDiagnostics) omitted += 1
    else problems.push({ code, span, message, hint, related })
  }

  function checkTag(index: number, value: unknown): void {
    const span = tagSpan(events, index)
    if (span === null) return
    const tag = text.slice(span.start, span.end)
    if (!tagFits(tag, value))
      problem(
        'custom-tag',
        span,
        `The tag \`${tag}\` is not supported`,
        'Remove the tag: values speak for themselves.',
      )
  }

  function anchor(event: { anchorStart: number; anchorEnd: number }, value: unknown, size: number | null) {
    if (event.anchorStart < 0) return null
    const made: Anchor = { value, size }
    anchors.set(text.slice(event.anchorStart, event.anchorEnd), made)
    return made
  }

  function alias(start: number, end: number): { value: unknown; size: number } {
    const name = text.slice(start, end)
    const span = { start: start - 1, end }
    const target = anchors.get(name)
    if (target === undefined) {
      problem(
        'bad-alias',
        span,
        `The alias \`*${name}\` names no anchor before it`,
        `Mark the value it stands for with \`&${name}\`, or put it in quotes if it is text: "*${name}".`,
      )
      return { value: null, size: 1 }
    }
    if (target.size === null) {
      problem(
        'bad-alias',
        span,
        `The alias \`*${name}\` stands inside its own anchor`,
        'Write the value out.',
      )
      return { value: null, size: 1 }
    }
    const before = aliased
    aliased += target.size
    if (before <= maximumAliasedNodes && aliased > maximumAliasedNodes) {
      const message = `Aliases stand for more than ${maximumAliasedNodes} values`
      problem(
        'too-many-aliases',
        span,
        message,
        'Use `defaults` and `roles` to share what keys have in common.',
      )
    }
    return { value: target.value, size: target.size }
  }

  function scalar(index: number): unknown {
    const event = events[index]
    if (event?.type !== EVENT_ID.SCALAR) return null
    const value = event.valueStart < 0 ? '' : getScalarValue(text, event)
    if (event.tagStart >= 0) {
      const tag = text.slice(event.tagStart, event.tagEnd)
      if (tag === '!!str' || tag === '!') return value
    }
    const resolved = event.style === SCALAR_STYLE.PLAIN ? resolvePlain(value) : value
    if (event.tagStart >= 0) checkTag(index, resolved)
    return resolved
  }

  function list(index: number): { value: unknown; size: number } {
    const value: unknown[] = []
    containers.set(value, index)
    const event = events[index]
    const own = event?.type === EVENT_ID.SEQUENCE ? anchor(event, value, null) : null
    checkTag(index, value)
    let size = 1
    while (events[at]?.type !== EVENT_ID.POP) {
      const item = node()
      value.push(item.value)
      size += item.size
    }
    at += 1
    if (own !== null) own.size = size
    return { value, size }
  }

  /** All repeats are in few maps, so those maps are looked through once. */
  function firstOf(mapIndex: number, name: string): Child | undefined {
    let children = looked.get(mapIndex)
    if (children === undefined) looked.set(mapIndex, (children = childrenOf(text, events, mapIndex)))
    return children.get(name)
  }

  function checkKey(index: number, name: string, map: object, mapIndex: number): void {
    const event = events[index]
    if (event === undefined) return
    const span = contentSpan(event) ?? { start: at, end: at }
    if (isMergeKey(event, name)) {
      const hint = 'Use `defaults` for what keys share, or an alias for a whole value (`rotate: *shared`).'
      problem('merge-key', span, 'Merge keys (`<<`) are not part of YAML 1.2', hint)
    } else if (Object.hasOwn(map, name)) {
      const earlier = problems.length < mostDiagnostics ? firstOf(mapIndex, name) : undefined
      const firstSpan = earlier?.key === undefined ? null : contentSpan(earlier.key)
      const hint = 'Keep one of the two.'
      problem(
        'duplicate-property',
        span,
        `\`${name}\` stands twice in one map`,
        hint,
        firstSpan ? [firstSpan] : [],
      )
    }
  }

  function map(index: number): { value: unknown; size: number } {
    const value = bareMap()
    containers.set(value, index)
    const event = events[index]
    const own = event?.type === EVENT_ID.MAPPING ? anchor(event, value, null) : null
    checkTag(index, value)
    let size = 1
    while (events[at]?.type !== EVENT_ID.POP) {
      const keyIndex = at
      const key = events[keyIndex]
      if (key?.type === EVENT_ID.SCALAR) {
        at += 1
        anchor(key, getScalarValue(text, key), 1)
        const name = key.valueStart < 0 ? '' : getScalarValue(text, key)
        if (name === '<<' || name in value) checkKey(keyIndex, name, value, index)
        const item = node()
        if (!(name in value) && !isMergeKey(key, name)) value[name] = item.value
        size += item.size + 1
      } else {
        const span = (key && contentSpan(key)) ?? { start: 0, end: 1 }
        problem(
          'wrong-type',
          span,
          'A property name must be plain text',
          'Write a name here, in quotes if need be.',
        )
        size += node().size + node().size
      }
    }
    at += 1
    if (own !== null) own.size = size
    return { value, size }
  }

  function node(): { value: unknown; size: number } {
    const index = at
    const event = events[index]
    at += 1
    switch (event?.type) {
      case EVENT_ID.MAPPING:
        return map(index)
      case EVENT_ID.SEQUENCE:
        return list(index)
      case EVENT_ID.ALIAS:
        return alias(event.anchorStart, event.anchorEnd)
      case EVENT_ID.SCALAR: {
        const value = scalar(index)
        anchor(event, value, 1)
        return { value, size: 1 }
      }
      case EVENT_ID.DOCUMENT:
      case EVENT_ID.POP:
      case undefined:
        return { value: null, size: 1 }
    }
  }

  const root = events[at] === undefined ? null : node().value
  return { root, containers, problems, omitted }
}
