import type { FindingState } from '../database/tables.ts'

/** A finding of one look at a stack. */
export interface SeenFinding {
  /** The same as long as the finding is the same one: of rule, key and what it is about. */
  readonly fingerprint: string
  readonly rule: string
  readonly severity: string
  readonly keyId: string | null
  readonly liveId: string | null
  readonly message: string
  readonly suppressed: boolean
}

/**
 * The life of a finding.
 *
 *   before       seen         seen, suppressed   not seen
 *   (none)       open         suppressed         —
 *   open         open         suppressed         resolved
 *   reopened     reopened     suppressed         resolved
 *   suppressed   open         suppressed         resolved
 *   resolved     reopened     suppressed         resolved
 */
export function nextState(
  before: FindingState | null,
  seen: Pick<SeenFinding, 'suppressed'> | null,
): FindingState | null {
  if (seen === null) return before === null ? null : 'resolved'
  if (seen.suppressed) return 'suppressed'
  return before === 'resolved' || before === 'reopened' ? 'reopened' : 'open'
}

/** A finding that is in another state than before; `from` is null where it is new. */
export interface FindingChange {
  readonly fingerprint: string
  readonly rule: string
  readonly severity: string
  readonly keyId: string | null
  readonly liveId: string | null
  readonly message: string
  readonly from: FindingState | null
  readonly to: FindingState
}
