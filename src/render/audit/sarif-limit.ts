import { compareSeverity } from '../../model/audit-rule.ts'
import { plural } from '../text/values.ts'
import type { AuditFindingJson } from './audit-json.ts'

/** GitHub's code scanning refuses a run with more results as a whole (source: its page on SARIF support). */
export const mostResults = 25_000

export interface Limited {
  readonly shown: readonly AuditFindingJson[]
  readonly leftOut: readonly AuditFindingJson[]
}

/** The worst findings that fit, in the order in which they came; those that an exception answers for go first. */
export function worstOf(findings: readonly AuditFindingJson[], most = mostResults): Limited {
  if (findings.length <= most) return { shown: findings, leftOut: [] }
  const isAnswered = ({ suppressed_by: exception }: AuditFindingJson) => (exception === null ? 0 : 1)
  const ranked = findings.toSorted(
    (a, b) => isAnswered(a) - isAnswered(b) || compareSeverity(b.severity, a.severity),
  )
  const leftOut = new Set(ranked.slice(most))
  return {
    shown: findings.filter(each => !leftOut.has(each)),
    leftOut: findings.filter(each => leftOut.has(each)),
  }
}

/** `12 low shared-key` and so on, the worst first. */
function countsOf(findings: readonly AuditFindingJson[]): readonly string[] {
  const counts = new Map<string, { count: number; finding: AuditFindingJson }>()
  for (const finding of findings) {
    const name = `${finding.severity} ${finding.rule}${finding.suppressed_by === null ? '' : ' (excepted)'}`
    const known = counts.get(name)
    counts.set(name, { count: (known?.count ?? 0) + 1, finding })
  }
  return [...counts]
    .sort(
      ([a, { finding: one }], [b, { finding: other }]) =>
        compareSeverity(other.severity, one.severity) || (a < b ? -1 : 1),
    )
    .map(([name, { count }]) => `${count} ${name}`)
}

/** What the log says about them. */
export function leftOutText(leftOut: readonly AuditFindingJson[], total: number): string {
  return `${plural(leftOut.length, 'finding')} of ${total} left out, since GitHub takes at most ${mostResults}: ${countsOf(leftOut).join(', ')}. All of them: fluxloop-keys audit --json`
}
