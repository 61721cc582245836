import { minute } from '../../model/duration.ts'
import { endsAgree, regeneratedAt, visibleEnd } from '../../model/live-key.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** Marker times are whole seconds, and a regeneration may share one with the delivery that follows it. */
const clockGrain = minute

export const staleSecret: Rule = key => {
  if (key.kind !== 'declared') return clean
  const head = key.lineage?.head
  if (head?.marker.state.kind !== 'delivered') return clean
  const { state } = head.marker
  const end = visibleEnd(head.live.maskedKey)
  const regenerated = regeneratedAt(head.live)
  const elsewhere = regenerated !== null && regenerated > state.at + clockGrain
  if (endsAgree(state.visibleEnd, end) && !elsewhere) return clean
  return [
    {
      message: 'Somebody regenerated it: its stores hold a secret that no longer works',
      evidence: evidence({
        delivered: `...${state.visibleEnd}`,
        live: `...${end}`,
        regeneratedAt: regenerated === null ? null : new Date(regenerated).toISOString(),
      }),
      remedy: 'Run `fluxloop-keys apply`: it delivers a working secret.',
    },
  ]
}
