import type { Diagnostic } from '../model/diagnostic.ts'
import { explainShape } from './explain-shape.ts'
import { mostDiagnostics } from './diagnostic-list.ts'
import { accepts } from './generated/accepts.js'
import type { Path, YamlDocument } from './read-yaml.ts'
import { type Source, diagnosticAt } from './source.ts'

export interface ShapeResult {
  readonly diagnostics: readonly Diagnostic[]
  /** The parts that are not to be looked at any further, by `partName`: `keys/ci`, `defaults`. */
  readonly broken: ReadonlySet<string>
  /** That many more errors there are. */
  readonly omitted: number
}

/** The part of a file that stands or falls as one: a key, a role, or another block at the top. */
export function partName(path: Path): string {
  const [top, name] = path
  return (top === 'keys' || top === 'roles') && name !== undefined ? `${top}/${name}` : String(top ?? '')
}

/** A JSON pointer as a path; numbers are numbers only where the data has a list. */
function parsePointer(pointer: string, root: unknown): { path: (string | number)[]; value: unknown } {
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

/** A property of a key that nobody knows: what the others say can be told anyway. */
function isStray({ code, path }: Pick<Diagnostic, 'code'> & { readonly path: Path }): boolean {
  return code === 'unknown-property' && path[0] === 'keys' && path.length === 3
}

/** A scalar as it stands in the text, which its value does not always say. */
function writtenText({ text }: Source, document: YamlDocument, path: Path, data: unknown): string {
  if (typeof data !== 'number' && typeof data !== 'boolean') return ''
  const { start, end } = document.valueSpan(path)
  const written = text.slice(start, end)
  // An alias stands for what is written elsewhere.
  return written.startsWith('*') ? String(data) : written
}

/** Checks a document against the schema. */
export async function checkShape(source: Source, document: YamlDocument): Promise<ShapeResult> {
  const valid: ShapeResult = { diagnostics: [], broken: new Set(), omitted: 0 }
  if (accepts(document.root)) return valid
  const { skipped, validate } = await import('./generated/validate.js')
  skipped.count = 0
  if (validate(document.root)) return valid
  const diagnostics = new Map<string, Diagnostic>()
  const broken = new Set<string>()
  let omitted = skipped.count
  // What is wrong is not known in full, so that nothing else may be read either.
  if (omitted > 0) broken.add('')
  for (const error of validate.errors ?? []) {
    // Where ajv takes back what it counted and did not keep.
    if (error === undefined) continue
    const { path, value } = parsePointer(error.instancePath, document.root)
    // Of `propertyNames` ajv reports the name as data, at the place of the map.
    const isName = error.keyword === 'pattern' && typeof value !== 'string' && typeof error.data === 'string'
    const explanation = explainShape({
      keyword: error.keyword,
      path: isName ? [...path, String(error.data)] : path,
      params: error.params as Readonly<Record<string, unknown>>,
      schema: error.parentSchema ?? {},
      data: error.data,
      written: writtenText(source, document, path, error.data),
      isName,
    })
    if (explanation === null) continue
    if (!isStray(explanation)) broken.add(partName(explanation.path))
    if (diagnostics.size >= mostDiagnostics) {
      omitted += 1
      continue
    }
    const span =
      explanation.at === 'key' ? document.keySpan(explanation.path) : document.valueSpan(explanation.path)
    const { code, message, hint } = explanation
    // A block that an alias repeats breaks once for each use, and each error stands at the anchor.
    const key = `${span.start} ${code} ${message.includes('`keys.') ? hint : message}`
    if (!diagnostics.has(key)) diagnostics.set(key, diagnosticAt(source, { code, message, hint, span }))
  }
  return { diagnostics: [...diagnostics.values()], broken, omitted }
}
