import type { Diagnostic } from '../model/diagnostic.ts'
import { explainSyntax } from './explain-syntax.ts'
import type { Reading } from './read-yaml.ts'
import { type Source, diagnosticAt, fileDiagnostic, placeOf } from './source.ts'

/** What kept a file from being read as YAML, and where. */
export async function explainReading(source: Source, reading: Reading): Promise<readonly Diagnostic[]> {
  if (reading.ok) return []
  const diagnostics: Diagnostic[] = []
  for (const problem of reading.problems) {
    const problems = problem.code === 'syntax' ? await explainSyntax(source.text, problem) : [problem]
    for (const one of problems) {
      const related = one.related.map(span => placeOf(source, span))
      diagnostics.push(
        one.code === 'empty-file'
          ? fileDiagnostic(source.file, one.code, one.message, one.hint)
          : diagnosticAt(source, one, related),
      )
    }
  }
  return diagnostics
}
