import { plural } from '../../model/plural.ts'
import { minute } from '../../model/duration.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** How long a run may be at work on it. */
const making = 15 * minute

export const undeliveredSecret: Rule = (key, { now }) => {
  if (key.kind !== 'declared' || key.lineage === null || key.lineage.pending.length === 0) return clean
  return key.lineage.pending
    .filter(({ live }) => now - live.createdAt >= making)
    .slice(0, 1)
    .map(({ live, marker: { generation } }) => {
      const minutes = Math.floor((now - live.createdAt) / minute)
      return {
        message: `The secret of its generation ${generation} (${live.id}) is not in all its stores, ${plural(minutes, 'minute')} after it was made`,
        evidence: evidence({ liveId: live.id, generation, minutes }),
        remedy: 'Run `fluxloop-keys apply`: it finishes the delivery, or makes a new key.',
      }
    })
}
