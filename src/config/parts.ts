import type { Diagnostic, RelatedPlace } from '../model/diagnostic.ts'
import type { Position } from '../model/position.ts'
import { partName } from './check-shape.ts'
import type { RawFile } from './raw.ts'
import type { Path, YamlDocument } from './read-yaml.ts'
import { type Problem, type Source, diagnosticAt, placeOf, positionOf } from './source.ts'

/** One file that is valid YAML. */
export interface Part {
  readonly source: Source
  readonly document: YamlDocument
  readonly raw: RawFile
  /** The blocks, keys and roles whose shape is wrong; nothing else may be read of them. */
  readonly broken: ReadonlySet<string>
}

/** A value of the configuration with the place it was declared at. */
export interface Located<Value> {
  readonly value: Value
  readonly part: Part
  readonly path: Path
}

/** Takes what is wrong; the checks go on. */
export type Report = (diagnostic: Diagnostic) => void

export function isValidAt(part: Part, path: Path): boolean {
  if (part.broken.size === 0) return true
  return !part.broken.has('') && !part.broken.has(partName(path)) && !part.broken.has(String(path[0] ?? ''))
}

export function keyPlace(at: { readonly part: Part; readonly path: Path }): RelatedPlace {
  return placeOf(at.part.source, at.part.document.keySpan(at.path))
}

export function keyPosition(at: { readonly part: Part; readonly path: Path }): Position {
  return positionOf(at.part.source, at.part.document.keySpan(at.path))
}

/** Where the value at a path stands. Worked out once somebody asks, since the library reads a plain file for it. */
export function valuePosition({
  part: { source, document },
  path,
}: Pick<Located<unknown>, 'part' | 'path'>): Position {
  let known: Position | null = null
  const position = () => (known ??= positionOf(source, document.valueSpan(path)))
  return {
    file: source.file,
    get line() {
      return position().line
    },
    get column() {
      return position().column
    },
  }
}

/** Makes a diagnostic about the value (or with `onKey` the name) at a path. */
export function diagnosticFor(
  at: { readonly part: Part; readonly path: Path },
  problem: Pick<Problem, 'code' | 'message' | 'hint'> & { readonly onKey?: boolean },
  related: readonly RelatedPlace[] = [],
): Diagnostic {
  const { document, source } = at.part
  const span = problem.onKey === true ? document.keySpan(at.path) : document.valueSpan(at.path)
  const { code, message, hint } = problem
  return diagnosticAt(source, { code, message, hint, span }, related)
}
