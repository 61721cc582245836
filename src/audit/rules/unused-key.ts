import { day, formatDate } from '../../model/duration.ts'
import { secretMadeAt } from '../../model/live-key.ts'
import { liveKeysOf } from '../audited-key.ts'
import { lastUseOfAll } from '../../lifecycle/health.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** Where `prune.unused` says nothing. */
const usual = 90 * day

export const unusedKey: Rule = (key, { desired, live, now }) => {
  if (live === null) return { unseen: 'offline' }
  const keys = liveKeysOf(key)
  const after = desired.prune.unused?.after ?? usual
  if (keys.length === 0 || keys.every(each => now - secretMadeAt(each) < after)) return clean
  const last = lastUseOfAll(keys)
  if (last === undefined) return { unseen: 'platform-does-not-say' }
  if (last === null || now - last < after) return clean
  const days = Math.floor((now - last) / day)
  return [
    {
      message: `Nobody used it for ${days} days`,
      evidence: evidence({
        lastUsedAt: new Date(last).toISOString(),
        unusedDays: days,
        limitDays: after / day,
      }),
      remedy:
        key.kind === 'declared'
          ? 'Remove its declaration: apply then revokes it.'
          : `Revoke it: \`fluxloop-keys apikeys delete ${key.live.id}\`. It was last used on ${formatDate(last)}.`,
    },
  ]
}
