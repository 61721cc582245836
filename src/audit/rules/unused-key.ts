import type { DesiredState } from '../../model/desired.ts'
import { type Milliseconds, day, formatDate } from '../../model/duration.ts'
import { plural } from '../../model/plural.ts'
import { secretMadeAt } from '../../model/live-key.ts'
import { isCallingKey, liveKeysOf } from '../audited-key.ts'
import { useOfAll } from '../../lifecycle/last-use.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** Where `prune.unused` says nothing. */
const usual = 90 * day

/** A key without a use for this long is unused. */
export function unusedAfter({ prune }: DesiredState): Milliseconds {
  return prune.unused?.after ?? usual
}

export const unusedKey: Rule = (key, { desired, live, now }) => {
  if (live === null) return { unseen: 'offline' }
  if (isCallingKey(key, { live })) return clean
  const keys = liveKeysOf(key)
  const after = unusedAfter(desired)
  if (keys.length === 0 || keys.every(each => now - secretMadeAt(each) < after)) return clean
  const use = useOfAll(keys)
  if (use.kind === 'unknown') return { unseen: 'platform-does-not-say' }
  if (use.kind === 'never') return clean
  if (now - use.at < after) {
    const isUsed = use.kind === 'used' || (use.before !== null && now - use.before < after)
    return isUsed ? clean : { unseen: 'own-look' }
  }
  const last = use.at
  const days = Math.floor((now - last) / day)
  return [
    {
      message: `Nobody used it for ${plural(days, 'day')}`,
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
