import { formatDate } from '../../model/duration.ts'
import type { AuditException } from '../../model/audit-policy.ts'
import { type Draft, evidence } from '../rule.ts'

/** Of exceptions from rules that were looked at, and found nothing that they answer for. */
export function exceptionUnmatched(unmatched: readonly AuditException[]): readonly Draft[] {
  return unmatched.map(({ rule, permission, project, reason, until, position }) => ({
    ...(permission === null ? {} : { permission }),
    ...(project === null ? {} : { project }),
    about: rule,
    position,
    message: `Its exception from ${rule} answers for no finding`,
    evidence: evidence({ rule, reason, until: formatDate(until - 1) }),
    remedy: 'Remove the exception: what it was for is gone.',
  }))
}
