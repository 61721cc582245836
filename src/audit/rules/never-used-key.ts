import { plural } from '../../model/plural.ts'
import { day } from '../../model/duration.ts'
import { isCallingKey, liveKeysOf } from '../audited-key.ts'
import { useOfAll } from '../../lifecycle/last-use.ts'
import { type Rule, clean, evidence } from '../rule.ts'
import { unusedAfter } from './unused-key.ts'

/** A key that is younger than the window may be waiting for its first use. */
export const neverUsedKey: Rule = (key, { desired, live, now, windowDays }) => {
  if (live === null) return { unseen: 'offline' }
  if (isCallingKey(key, { live })) return clean
  const keys = liveKeysOf(key)
  if (keys.length === 0) return clean
  const use = useOfAll(keys)
  if (use.kind === 'unknown') return { unseen: 'platform-does-not-say' }
  const made = Math.min(...keys.map(({ createdAt }) => createdAt))
  if (now - made < windowDays * day || use.kind === 'used') return clean
  // Once it is unused, another rule says so.
  if (use.kind === 'hidden')
    return use.before !== null || now - use.at >= unusedAfter(desired) ? clean : { unseen: 'own-look' }
  const days = Math.floor((now - made) / day)
  return [
    {
      message: `Nobody ever used it, in ${plural(days, 'day')}`,
      evidence: evidence({ createdAt: new Date(made).toISOString(), ageDays: days }),
      remedy:
        key.kind === 'declared'
          ? 'Find out who should have it, or remove its declaration.'
          : `Revoke it: \`fluxloop-keys apikeys delete ${key.live.id}\`.`,
    },
  ]
}
