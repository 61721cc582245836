import { formatDate } from '../../model/duration.ts'
import { deliveredAt } from '../../lifecycle/lineage.ts'
import { lastUseOf } from '../../lifecycle/health.ts'
import { type Draft, type Rule, clean, evidence } from '../rule.ts'

/** Used after the grace that the head gives its predecessors, and within `quiet`: it cannot be revoked while that goes on. */
export const retiredKeyInUse: Rule = (key, { now }) => {
  if (key.kind !== 'declared' || key.lineage === null) return clean
  const { head, superseded } = key.lineage
  const state = head?.marker.state
  if (head == null || state?.kind !== 'delivered' || now < state.graceUntil) return clean
  const { quiet } = key.desired.rotation
  const drafts = superseded.flatMap(({ live, marker: { generation } }): Draft[] => {
    const last = lastUseOf(live)
    if (last === undefined || last === null || now - last >= quiet || last < state.graceUntil) return []
    const { lastUse } = live
    const ip = lastUse.known ? lastUse.ip : null
    const userAgent = lastUse.known ? lastUse.userAgent : null
    return [
      {
        message: `Generation ${generation} (${live.id}) is still used, though its grace ended on ${formatDate(state.graceUntil)}`,
        evidence: evidence({
          liveId: live.id,
          generation,
          lastUsedAt: new Date(last).toISOString(),
          ip,
          userAgent,
          deliveredAt: new Date(deliveredAt(head) ?? state.at).toISOString(),
        }),
        remedy: `Give${ip === null ? '' : ` the program at ${ip}`} the new secret; until then the old key stays.`,
      },
    ]
  })
  return drafts.slice(0, 1)
}
