import { day } from '../../model/duration.ts'
import { liveKeysOf } from '../audited-key.ts'
import { lastUseOfAll } from '../../lifecycle/health.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** A key that is younger than the window may be waiting for its first use. */
export const neverUsedKey: Rule = (key, { live, now, windowDays }) => {
  if (live === null) return { unseen: 'offline' }
  const keys = liveKeysOf(key)
  if (keys.length === 0) return clean
  const last = lastUseOfAll(keys)
  if (last === undefined) return { unseen: 'platform-does-not-say' }
  const made = Math.min(...keys.map(({ createdAt }) => createdAt))
  if (last !== null || now - made < windowDays * day) return clean
  const days = Math.floor((now - made) / day)
  return [
    {
      message: `Nobody ever used it, in ${days} days`,
      evidence: evidence({ createdAt: new Date(made).toISOString(), ageDays: days }),
      remedy:
        key.kind === 'declared'
          ? 'Find out who should have it, or remove its declaration.'
          : `Revoke it: \`fluxloop-keys apikeys delete ${key.live.id}\`.`,
    },
  ]
}
