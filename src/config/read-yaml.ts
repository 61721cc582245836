import { type Event, EVENT_ID, YAMLException, parseEvents } from 'js-yaml'

import { compose } from './compose.ts'
import { type PlainYaml, readPlainYaml } from './plain-yaml.ts'
import type { Problem, Span } from './source.ts'
import { type Child, childrenOf, contentSpan } from './yaml-events.ts'

export type Path = readonly (string | number)[]

/** A document's plain data, and where each of its parts stands in the text. */
export interface YamlDocument {
  readonly root: unknown
  /** Where the value at `path` is; of an empty value, its key. */
  valueSpan(path: Path): Span
  /** Where the key of `path` is; of a list's item, the item. */
  keySpan(path: Path): Span
}

export type Reading =
  | { readonly ok: true; readonly document: YamlDocument }
  /**
   * `omitted`: that many more there are. `document`: what there is without the names that are wrong, so that they hide no other
   * error; null where nothing else can be told.
   */
  | {
      readonly ok: false
      readonly problems: readonly Problem[]
      readonly omitted: number
      readonly document: YamlDocument | null
    }

/** Of those that composing finds, these are about a name alone, whose value was left out. */
const nameProblems: ReadonlySet<Problem['code']> = new Set(['duplicate-property', 'merge-key', 'wrong-type'])

function failed(code: Problem['code'], span: Span, message: string, hint: string | null): Reading {
  return { ok: false, problems: [{ code, span, message, hint, related: [] }], omitted: 0, document: null }
}

function isContainer(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null
}

/** Positions are worked out only where they are asked for: most keys are never wrong. */
function locator(
  text: string,
  events: readonly Event[],
  root: unknown,
  containers: ReadonlyMap<object, number>,
) {
  const known = new Map<object, Map<string | number, Child>>()

  function child(parent: object, name: string | number): Child | null {
    let children = known.get(parent)
    if (children === undefined) {
      children = childrenOf(text, events, containers.get(parent) ?? 0)
      known.set(parent, children)
    }
    return children.get(name) ?? null
  }

  function span(path: Path, wanted: 'key' | 'value'): Span {
    let parent: unknown = root
    let best: Span = { start: 0, end: 1 }
    const rootEvent = isContainer(root) ? events[containers.get(root) ?? 0] : events[1]
    if (rootEvent !== undefined && 'start' in rootEvent)
      best = { start: rootEvent.start, end: rootEvent.start + 1 }
    else if (rootEvent !== undefined) best = contentSpan(rootEvent) ?? best
    for (const [depth, name] of path.entries()) {
      if (!isContainer(parent)) return best
      const found = child(parent, name)
      if (found === null) return best
      const key = found.key === undefined ? null : contentSpan(found.key)
      const value = contentSpan(found.value)
      const last = depth === path.length - 1
      const blockStart =
        'start' in found.value ? { start: found.value.start, end: found.value.start + 1 } : best
      best = (last && wanted === 'value' ? (value ?? key) : (key ?? value)) ?? blockStart
      parent = parent[name]
    }
    return best
  }

  return span
}

/**
 * Reads one YAML 1.2 document: core schema only, no tags of one's own, no merge keys, a bound on aliases, and no name
 * twice in a map. Plain text, as nearly every configuration is, is read without the library.
 */
export function readYaml(text: string): Reading {
  const plain = readPlainYaml(text)
  return plain === null ? readAnyYaml(text) : { ok: true, document: plainDocument(text, plain) }
}

/** Places in it, the names of keys aside, are asked for only where something is wrong: then the library reads it too. */
function plainDocument(text: string, { root, nameStart }: PlainYaml): YamlDocument {
  let known: YamlDocument | null = null
  const asRead = () => {
    const { document } = known === null ? readAnyYaml(text) : { document: known }
    if (document === null) throw new Error('Plain YAML is not what the library takes')
    return (known = document)
  }
  return {
    root,
    valueSpan: path => asRead().valueSpan(path),
    keySpan: path => {
      const [block, name] = path
      const isName = path.length === 2 && typeof block === 'string' && typeof name === 'string'
      const start = isName ? nameStart(block, name) : undefined
      return isName && start !== undefined ? { start, end: start + name.length } : asRead().keySpan(path)
    },
  }
}

/** The same for any text, by the library's events: three times as fast as building syntax trees. */
export function readAnyYaml(text: string): Reading {
  let events: Event[]
  try {
    events = parseEvents(text, {})
  } catch (error) {
    // A syntax error, or (in a parser of this size) a bug that a strange file found: both are the file's problem.
    const said = error instanceof YAMLException ? error.reason : 'not valid YAML'
    const reason = /call stack/i.test(said) ? 'it is nested too deeply' : said
    const start = Math.min((error instanceof YAMLException ? error.mark?.position : null) ?? 0, text.length)
    return failed('syntax', { start, end: start + 1 }, `Not valid YAML: ${reason}`, null)
  }
  const [opening] = events
  if (opening === undefined || events.length < 3) {
    const hint =
      'A configuration starts with `version: 1` and `stack: NAME`. `fluxloop-keys help configuration` shows an example.'
    return failed('empty-file', { start: 0, end: 0 }, 'The file is empty', hint)
  }
  const directive = opening.type === EVENT_ID.DOCUMENT ? opening.directives.find(isForeign) : undefined
  if (directive !== undefined) {
    const start = Math.max(0, text.search(/^%/m))
    const message = 'Only YAML 1.2 without tags is read, so this directive is not supported'
    return failed('custom-tag', { start, end: start + 1 }, message, 'Remove the line.')
  }
  const second = events.findIndex((event, index) => index > 0 && event.type === EVENT_ID.DOCUMENT)
  if (second > 0) {
    const marks = [...text.matchAll(/^---(?=\s|$)/gm)]
    const start = (marks[1] ?? marks[0])?.index ?? 0
    const message = 'The file holds several YAML documents (`---`)'
    return failed('several-documents', { start, end: start + 3 }, message, 'Split it: one document a file.')
  }
  const { root, containers, problems, omitted } = compose(text, events, 1)
  const span = locator(text, events, root, containers)
  const document: YamlDocument = {
    root,
    valueSpan: path => span(path, 'value'),
    keySpan: path => span(path, 'key'),
  }
  if (problems.length === 0) return { ok: true, document }
  const isWhole = omitted === 0 && problems.every(({ code }) => nameProblems.has(code))
  return { ok: false, problems, omitted, document: isWhole ? document : null }
}

function isForeign(directive: { kind: string; version?: string }): boolean {
  return directive.kind === 'tag' || (directive.kind === 'yaml' && directive.version !== '1.2')
}
