import { dirname } from 'node:path'
import { checkShape } from './check-shape.ts'
import type { DiagnosticList } from './diagnostic-list.ts'
import { explainSyntax } from './explain-syntax.ts'
import type { Part } from './parts.ts'
import { readSource } from './read-source.ts'
import type { Room } from './room.ts'
import { readYaml } from './read-yaml.ts'
import { diagnosticAt, fileDiagnostic, placeOf, sourceOf } from './source.ts'

/** Reads one file as far as its shape; null where there is nothing to go on with. `text` takes the place of what it holds. */
export async function readPart(
  file: string,
  shown: string,
  text: string | undefined,
  diagnostics: DiagnosticList,
  room: Room,
  quotable = true,
): Promise<Part | null> {
  const read =
    text === undefined
      ? await readSource(file, shown, quotable)
      : ({ ok: true, source: sourceOf(shown, dirname(file), text, quotable) } as const)
  if (!read.ok) {
    diagnostics.push(read.diagnostic)
    return null
  }
  const { source } = read
  const tooLarge = room.take(source)
  if (tooLarge !== null) {
    diagnostics.push(tooLarge)
    return null
  }
  const reading = readYaml(source.text)
  if (!reading.ok) {
    diagnostics.omit(reading.omitted)
    for (const problem of reading.problems) {
      const problems = problem.code === 'syntax' ? await explainSyntax(source.text, problem) : [problem]
      for (const one of problems) {
        const related = one.related.map(span => placeOf(source, span))
        diagnostics.push(
          one.code === 'empty-file'
            ? fileDiagnostic(shown, one.code, one.message, one.hint)
            : diagnosticAt(source, one, related),
        )
      }
    }
    if (reading.document === null) return null
  }
  const { document } = reading
  if (document === null) return null
  const shape = await checkShape(source, document)
  for (const one of shape.diagnostics) diagnostics.push(one)
  diagnostics.omit(shape.omitted)
  // The schema vouches for everything but the parts named in `broken`, which nobody reads.
  return { source, document, raw: document.root ?? {}, broken: shape.broken }
}
