import type { OwnRule } from '../../model/audit-policy.ts'
import { type Located, type Report, diagnosticFor } from '../parts.ts'
import type { RawOwnRule } from '../raw.ts'
import { type Span, diagnosticAt } from '../source.ts'
import { readFacts } from './cases.ts'
import { compileOwnRule } from './compile.ts'

/**
 * Where a part of a scalar's value stands in the file. Folding, indentation and escapes move it about, so it is looked for by its
 * own text: the part that comes as often before it in the value as in the file.
 */
export function partOfScalar(source: string, scalar: Span, value: string, part: Span): Span {
  const [line = ''] = value.slice(part.start, part.end).split('\n')
  const needle =
    line.trimEnd() === '' ? (value.slice(0, part.start).trimEnd().split(/\s/).at(-1) ?? '') : line.trimEnd()
  if (needle === '') return scalar
  const before = value.slice(0, value.lastIndexOf(needle, part.start)).split(needle).length - 1
  let at = scalar.start - 1
  for (let count = 0; count <= before; count++) {
    at = source.indexOf(needle, at + 1)
    if (at < 0 || at >= scalar.end) return scalar
  }
  return { start: at, end: at + needle.length }
}

/** Reports what is wrong with an own rule's expression, and with the facts of its test cases. */
export function checkOwnRule(rule: OwnRule, at: Located<RawOwnRule>, report: Report): void {
  const { source, document } = at.part
  const compiled = compileOwnRule(rule)
  if (!compiled.ok) {
    const { message, hint, start, end } = compiled.problem
    const scalar = document.valueSpan([...at.path, 'when'])
    const span = partOfScalar(source.text, scalar, rule.when, { start, end })
    report(
      diagnosticAt(source, {
        code: 'bad-expression',
        message: `The expression is wrong: ${message}`,
        hint,
        span,
      }),
    )
  }
  for (const [index, { facts }] of rule.tests.entries()) {
    for (const { path, onKey, message } of readFacts(facts).problems) {
      const place = { ...at, path: [...at.path, 'tests', index, ...path] }
      report(
        diagnosticFor(place, {
          code: 'bad-test-case',
          message,
          hint: 'docs/policy.md lists all facts.',
          onKey,
        }),
      )
    }
  }
}
