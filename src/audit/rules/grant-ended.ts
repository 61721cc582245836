import { formatDate } from '../../model/duration.ts'
import { hasEnded } from '../../model/temporary-grant.ts'
import { type Rule, clean, evidence } from '../rule.ts'

export const grantEnded: Rule = (key, { now }) => {
  if (key.kind !== 'declared' || key.desired.grants.length === 0) return clean
  return key.desired.grants
    .filter(grant => hasEnded(grant, now))
    .map(({ kind, name, until, reason, position }) => ({
      [kind]: name,
      position,
      message: `Its temporary ${kind} ${name} ended on ${formatDate(until - 1)}, and is still declared`,
      evidence: evidence({ [kind]: name, until: new Date(until).toISOString(), reason }),
      remedy: 'Remove the entry; if it is still needed, give it a new end.',
    }))
}
