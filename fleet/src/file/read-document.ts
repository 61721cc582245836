import { type DiagnosticList, mostDiagnostics } from '../../../src/config/diagnostic-list.ts'
import { explainReading } from '../../../src/config/explain-reading.ts'
import { type Path, readYaml } from '../../../src/config/read-yaml.ts'
import { readSource } from '../../../src/config/read-source.ts'
import { Room } from '../../../src/config/room.ts'
import {
  type Problem,
  type Source,
  diagnosticAt,
  fileDiagnostic,
  placeOf,
} from '../../../src/config/source.ts'
import type { YamlDocument } from '../../../src/config/read-yaml.ts'
import type { RelatedPlace } from '../../../src/model/diagnostic.ts'
import { checkFleetShape, partOf } from './check-fleet-shape.ts'
import type { RawFleet } from './raw-fleet.ts'
import { withoutPasswords } from './without-passwords.ts'

/** A fleet file that is valid YAML, as far as the schema vouches for it. */
export interface FleetDocument {
  readonly source: Source
  readonly raw: RawFleet
  /** Does the schema vouch for the part at this path? Nothing else may be read. */
  readonly isValidAt: (path: Path) => boolean
  /** Of the key at this path, for diagnostics about another one. */
  readonly placeOf: (path: Path) => RelatedPlace
  readonly report: (
    path: Path,
    problem: Pick<Problem, 'code' | 'message' | 'hint'> & { readonly onKey?: boolean },
    related?: readonly RelatedPlace[],
  ) => void
}

/** What the readers of the tool say of a configuration, said of a fleet file. */
const hints: Partial<Record<Problem['code'], string>> = {
  'empty-file': 'A fleet file starts with `version: 1` and `accounts:`.',
  'missing-file': 'Name the fleet file with --fleet.',
  'too-large': 'Let `discover` find stacks instead of listing each, or split the fleet.',
  'several-documents': 'Keep one of them.',
}

/** Reads the file as far as its shape; null where there is nothing to go on with. `shown` is its name on screens. */
export async function readDocument(
  file: string,
  shown: string,
  diagnostics: DiagnosticList,
): Promise<FleetDocument | null> {
  const tell = (one: ReturnType<typeof fileDiagnostic>) => {
    diagnostics.push(withoutPasswords({ ...one, hint: hints[one.code] ?? one.hint }))
  }
  const read = await readSource(file, shown)
  if (!read.ok) {
    const isMissing = read.diagnostic.code === 'missing-file'
    tell(isMissing ? { ...read.diagnostic, message: 'There is no such file' } : read.diagnostic)
    return null
  }
  const { source } = read
  const tooLarge = new Room().take(source)
  if (tooLarge !== null) {
    tell(fileDiagnostic(shown, 'too-large', 'The file is too large to be read', null))
    return null
  }
  const reading = readYaml(source.text)
  for (const one of await explainReading(source, reading)) tell(one)
  if (!reading.ok) diagnostics.omit(reading.omitted)
  const { document } = reading
  return document === null ? null : shaped(source, document, diagnostics)
}

function shaped(source: Source, document: YamlDocument, diagnostics: DiagnosticList): FleetDocument {
  const shape = checkFleetShape(source, document)
  for (const one of shape.diagnostics) diagnostics.push(withoutPasswords(one))
  diagnostics.omit(shape.omitted)
  const { broken } = shape
  return {
    source,
    raw: document.root ?? {},
    isValidAt: path => !broken.has('') && !broken.has(partOf(path)) && !broken.has(String(path[0] ?? '')),
    placeOf: path => placeOf(source, document.keySpan(path)),
    report: (path, { code, message, hint, onKey = false }, related = []) => {
      if (diagnostics.kept.length >= mostDiagnostics) {
        diagnostics.omit(1)
        return
      }
      const span = onKey ? document.keySpan(path) : document.valueSpan(path)
      diagnostics.push(withoutPasswords(diagnosticAt(source, { code, message, hint, span }, related)))
    },
  }
}
