import { day, formatDuration, year } from '../../model/duration.ts'
import { formatLifetime } from '../../model/lifetime.ts'
import { secretMadeAt } from '../../model/live-key.ts'
import { environmentOf, isHeldByOthers } from '../audited-key.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** The longest period that the platform's own page knows for keys that are not for ever. */
const longest = year

/** A fixed date counts from when the secret was made; where that is not known, from now. */
export const lifetimeTooLong: Rule = (key, { desired: { policy }, now }) => {
  if (key.kind !== 'declared') return clean
  const { expires } = key.desired
  if (expires.kind === 'never') return clean
  const environment = environmentOf(key)
  const limit = environment === null ? null : (policy.audit.environments[environment]?.maxLifetime ?? null)
  const maximum = limit ?? longest
  const from = key.head === null ? now : secretMadeAt(key.head)
  const length = expires.kind === 'period' ? expires.length : expires.at - from
  if (length <= maximum) return clean
  return [
    {
      message: `It lives for ${formatLifetime(expires)}, and ${limit === null ? 'the most' : `the most in ${String(environment)}`} is ${formatDuration(maximum)}`,
      evidence: evidence({ lifetimeDays: Math.ceil(length / day), maximumDays: Math.floor(maximum / day) }),
      remedy: isHeldByOthers(key)
        ? `It is adopted, so apply does not renew it. First \`fluxloop-keys rotate ${key.desired.keyId}\`, and declare \`expires: ${formatDuration(maximum)}\` or less for its successor.`
        : `Declare \`expires: ${formatDuration(maximum)}\` or less.`,
    },
  ]
}
