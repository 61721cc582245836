import { type Instant, formatDate } from '../../model/duration.ts'
import { graceEnd } from '../../lifecycle/lineage.ts'
import { useOf } from '../../lifecycle/last-use.ts'
import { type Draft, type Rule, clean, evidence } from '../rule.ts'

/** Used after its grace, and within `quiet`: it cannot be revoked while that goes on. */
export const retiredKeyInUse: Rule = (key, { now }) => {
  if (key.kind !== 'declared' || key.lineage === null || key.lineage.retiring.length === 0) return clean
  const { lineage } = key
  const { quiet } = key.desired.rotation
  const isLate = (at: Instant, end: Instant | null) =>
    end !== null && now >= end && now - at < quiet && at >= end
  const drafts = lineage.retiring.flatMap((member): Draft[] => {
    const { live, marker } = member
    const end = graceEnd(member, lineage)
    const use = useOf(live)
    if (end === null || use.kind !== 'used' || !isLate(use.at, end)) return []
    const last = use.at
    const { lastUse } = live
    const ip = lastUse.known ? lastUse.ip : null
    const userAgent = lastUse.known ? lastUse.userAgent : null
    return [
      {
        message: `Generation ${marker.generation} (${live.id}) is still used, though its grace ended on ${formatDate(end)}`,
        evidence: evidence({
          liveId: live.id,
          generation: marker.generation,
          lastUsedAt: new Date(last).toISOString(),
          ip,
          userAgent,
          graceUntil: new Date(end).toISOString(),
        }),
        remedy: `Give${ip === null ? '' : ` the program at ${ip}`} the new secret; until then the old key stays.`,
      },
    ]
  })
  if (drafts.length > 0) return drafts.slice(0, 1)
  const isHidden = lineage.retiring.some(member => {
    const use = useOf(member.live)
    return use.kind === 'hidden' && isLate(use.at, graceEnd(member, lineage))
  })
  return isHidden ? { unseen: 'own-look' } : clean
}
