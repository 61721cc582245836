import type { Change, Plan, RevocationReason, RotationReason } from '../model/change.ts'
import type { Instant } from '../model/duration.ts'
import { widenedFields } from '../model/widening.ts'
import { writtenFields } from '../render/plan/written-fields.ts'

/** What time does to a key that is declared as it is. */
const byTime: readonly RotationReason['code'][] = ['past-max-age', 'ends-soon', 'ends-with-others', 'expired']

/** The ends of what was replaced, or half made, by a run that carried an approved plan out. */
const byRun: readonly RevocationReason['code'][] = ['superseded', 'abandoned']

/** Nothing of the key becomes another: only its secret, its generation and its end. */
function keepsFields(change: Change, now: Instant): boolean {
  return (
    widenedFields(change).length === 0 && writtenFields(change, now).every(({ field }) => field === 'expires')
  )
}

function isUpkeep(change: Change, now: Instant): boolean {
  switch (change.kind) {
    case 'rotate':
      return change.reasons.every(({ code }) => byTime.includes(code)) && keepsFields(change, now)
    case 'heal':
      return keepsFields(change, now)
    case 'revoke':
      return byRun.includes(change.reason.code)
    case 'create':
    case 'adopt':
    case 'update':
    case 'deliver':
    case 'release':
      return false
  }
}

/**
 * What follows from what was reviewed and applied before: rotations that are due, what they replaced, and what an interrupted run left.
 * It was reviewed when the declaration was, and waits for nobody. A key for which anything else is due is left out with all its changes.
 */
export function upkeepOf({ changes, now }: Plan, except: ReadonlySet<string>): readonly Change[] {
  const otherwise = new Set(changes.filter(change => !isUpkeep(change, now)).map(({ keyId }) => keyId))
  return changes.filter(({ keyId }) => !otherwise.has(keyId) && !except.has(keyId))
}
