import { regeneratedAt, visibleEnd } from '../../model/live-key.ts'
import { staleness } from '../../lifecycle/health.ts'
import { type Rule, clean, evidence } from '../rule.ts'

export const staleSecret: Rule = key => {
  if (key.kind !== 'declared') return clean
  const head = key.lineage?.head ?? null
  if (head?.marker.state.kind !== 'delivered' || staleness(head) === null) return clean
  const regenerated = regeneratedAt(head.live)
  return [
    {
      message: 'Somebody regenerated it: its stores hold a secret that no longer works',
      evidence: evidence({
        delivered: `...${head.marker.state.visibleEnd}`,
        live: `...${visibleEnd(head.live.maskedKey)}`,
        regeneratedAt: regenerated === null ? null : new Date(regenerated).toISOString(),
      }),
      remedy: 'Run `fluxloop-keys apply`: it delivers a working secret.',
    },
  ]
}
