import { plural } from '../../model/plural.ts'
import { day, formatDuration } from '../../model/duration.ts'
import { secretMadeAt } from '../../model/live-key.ts'
import { isAdopted } from '../../model/wanted-end.ts'
import { type Rule, clean, evidence } from '../rule.ts'

export const pastMaxAge: Rule = (key, { now }) => {
  if (key.kind !== 'declared' || key.head === null) return clean
  const { maxAge } = key.desired.rotation
  if (maxAge === null) return clean
  const age = now - secretMadeAt(key.head)
  if (age < maxAge) return clean
  const days = Math.floor(age / day)
  return [
    {
      message: `Its secret is ${plural(days, 'day')} old, and its maximum age is ${formatDuration(maxAge)}`,
      evidence: evidence({ ageDays: days, maximumDays: maxAge / day }),
      remedy: isAdopted(key.head)
        ? `Others hold its secret, so apply does not rotate it: \`fluxloop-keys rotate ${key.desired.keyId}\` makes a successor, which it does.`
        : `Run \`fluxloop-keys apply\` regularly, or \`fluxloop-keys rotate ${key.desired.keyId}\` now.`,
    },
  ]
}
