import { mostDiagnostics } from '../../../src/config/diagnostic-list.ts'
import { type Explanation, type ShapeError, explainShape } from '../../../src/config/explain-shape.ts'
import type { Path, YamlDocument } from '../../../src/config/read-yaml.ts'
import { type Source, diagnosticAt } from '../../../src/config/source.ts'
import type { Diagnostic } from '../../../src/model/diagnostic.ts'
import { explainAlternatives } from './explain-alternatives.ts'
import { skipped, validate } from './generated/validate.js'

export interface FleetShape {
  readonly diagnostics: readonly Diagnostic[]
  /** The parts that are not to be looked at any further, by `partOf`; the empty name: the whole file. */
  readonly broken: ReadonlySet<string>
  /** That many more errors there are. */
  readonly omitted: number
}

const divided: readonly unknown[] = ['accounts', 'stacks', 'discover', 'notify']

/** The part of a fleet file that stands or falls as one: `accounts/acme`, `stacks/3`, `defaults`. */
export function partOf(path: Path): string {
  const [top, name] = path
  return divided.includes(top) && name !== undefined ? `${String(top)}/${name}` : String(top ?? '')
}

function valueAt(root: unknown, pointer: string): { readonly path: Path; readonly value: unknown } {
  const path: (string | number)[] = []
  let value = root
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const step = Array.isArray(value) ? Number(name) : name
    path.push(step)
    value = (value as Readonly<Record<string | number, unknown>>)[step]
  }
  return { path, value }
}

/** A scalar as it stands in the text, which its value does not always say. */
function writtenText({ text }: Source, document: YamlDocument, path: Path, data: unknown): string {
  if (typeof data !== 'number' && typeof data !== 'boolean') return ''
  const { start, end } = document.valueSpan(path)
  const written = text.slice(start, end)
  return written.startsWith('*') ? String(data) : written
}

const beginning = 'A fleet file starts with `version: 1` and `accounts:`.'

function explain(error: ShapeError): Explanation | null {
  const special = explainAlternatives(error)
  if (special !== 'other') return special
  const explanation = explainShape(error)
  if (explanation === null || explanation.path.length > 0) return explanation
  return explanation.code === 'missing-property'
    ? { ...explanation, message: `The file has no \`${String(error.params['missingProperty'])}\`` }
    : { ...explanation, hint: beginning }
}

/** What a property leaves out or has too many of says nothing about the others. */
function breaks({ code, path }: Explanation): boolean {
  return code !== 'unknown-property' && !(code === 'missing-property' && path.length === 0)
}

/** Checks a fleet file against its schema. */
export function checkFleetShape(source: Source, document: YamlDocument): FleetShape {
  skipped.count = 0
  if (validate(document.root)) return { diagnostics: [], broken: new Set(), omitted: 0 }
  const diagnostics = new Map<string, Diagnostic>()
  const broken = new Set<string>()
  let omitted = skipped.count
  // Which parts are wrong is not known in full.
  if (omitted > 0) broken.add('')
  for (const error of validate.errors ?? []) {
    if (error === undefined) continue
    const { path, value } = valueAt(document.root, error.instancePath)
    // Of `propertyNames` the name is the data, at the place of the map.
    const isName = error.keyword === 'pattern' && typeof value !== 'string' && typeof error.data === 'string'
    const explanation = explain({
      keyword: error.keyword,
      path: isName ? [...path, String(error.data)] : path,
      params: error.params as Readonly<Record<string, unknown>>,
      schema: error.parentSchema ?? {},
      data: error.data,
      written: writtenText(source, document, path, error.data),
      isName,
    })
    if (explanation === null) continue
    if (breaks(explanation)) broken.add(partOf(explanation.path))
    if (diagnostics.size >= mostDiagnostics) {
      omitted += 1
      continue
    }
    const { code, message, hint, at } = explanation
    const span = at === 'key' ? document.keySpan(explanation.path) : document.valueSpan(explanation.path)
    // A block that aliases repeat breaks once for each use, and each error stands at the anchor.
    const key = `${span.start} ${code} ${hint ?? message}`
    if (!diagnostics.has(key)) diagnostics.set(key, diagnosticAt(source, { code, message, hint, span }))
  }
  return { diagnostics: [...diagnostics.values()], broken, omitted }
}
