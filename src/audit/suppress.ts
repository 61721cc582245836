import type { AuditException } from '../model/audit-policy.ts'
import type { AuditFinding } from '../model/audit.ts'
import type { Instant } from '../model/duration.ts'

/** What no exception may answer for: otherwise an exception would outlive its end. */
const unanswerable: readonly string[] = ['exception-expired', 'exception-unmatched']

function answers(exception: AuditException, { rule, permission, project }: AuditFinding): boolean {
  return (
    exception.rule === rule &&
    (exception.permission === null || exception.permission === permission) &&
    (exception.project === null || exception.project === project)
  )
}

/** The findings of one key with the exceptions that answer for them, and the exceptions that answer for none. */
export function suppress(
  findings: readonly AuditFinding[],
  exceptions: readonly AuditException[],
  now: Instant,
): { readonly findings: readonly AuditFinding[]; readonly idle: readonly AuditException[] } {
  if (exceptions.length === 0) return { findings, idle: exceptions }
  const open = exceptions.filter(({ until }) => until > now)
  const used = new Set<AuditException>()
  const answered = findings.map(finding => {
    const fitting = unanswerable.includes(finding.rule) ? [] : open.filter(each => answers(each, finding))
    for (const each of fitting) used.add(each)
    const [first] = fitting
    return first === undefined ? finding : { ...finding, suppressedBy: first }
  })
  return { findings: answered, idle: open.filter(each => !used.has(each)) }
}
