import type { ErrorObject } from 'ajv'
import type { Diagnostic } from '../model/diagnostic.ts'
import { mostDiagnostics } from './diagnostic-list.ts'
import type { Explanation, ShapeError } from './explain-shape.ts'
import type { Path, YamlDocument } from './read-yaml.ts'
import { type Source, diagnosticAt } from './source.ts'

export interface ShapeResult {
  readonly diagnostics: readonly Diagnostic[]
  /** The parts that are not to be looked at any further, by `partOf`; the empty name: the whole file. */
  readonly broken: ReadonlySet<string>
  /** That many more errors there are. */
  readonly omitted: number
}

/** A schema that was compiled: see scripts/compile-schema.ts. */
interface CompiledSchema {
  readonly validate: ((data: unknown) => boolean) & {
    readonly errors?: readonly (ErrorObject | undefined)[] | null
  }
  /** How many errors were not kept. */
  readonly skipped: { count: number }
}

/** What files of one kind are like, in the words of their users. */
export interface ShapeWords {
  /** Null: another error says it. */
  readonly explain: (error: ShapeError) => Explanation | null
  /** The part of a file that stands or falls as one. */
  readonly partOf: (path: Path) => string
  /** Is what the others say of that part wrong, too? */
  readonly breaks: (explanation: Explanation) => boolean
  /** Equal at one place where it is one mistake. */
  readonly mistake: (explanation: Explanation) => string
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

/** A scalar as it stands in the text, which its value does not always say. */
function writtenText({ text }: Source, document: YamlDocument, path: Path, data: unknown): string {
  if (typeof data !== 'number' && typeof data !== 'boolean') return ''
  const { start, end } = document.valueSpan(path)
  const written = text.slice(start, end)
  // An alias stands for what is written elsewhere.
  return written.startsWith('*') ? String(data) : written
}

/** Checks a document against a schema, and says what is wrong and where. */
export function explainErrors(
  source: Source,
  document: YamlDocument,
  { validate, skipped }: CompiledSchema,
  { explain, partOf, breaks, mistake }: ShapeWords,
): ShapeResult {
  skipped.count = 0
  if (validate(document.root)) return { diagnostics: [], broken: new Set(), omitted: 0 }
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
    // A block that an alias repeats breaks once for each use, and each error stands at the anchor.
    const key = `${span.start} ${code} ${mistake(explanation)}`
    if (!diagnostics.has(key)) diagnostics.set(key, diagnosticAt(source, { code, message, hint, span }))
  }
  return { diagnostics: [...diagnostics.values()], broken, omitted }
}
