import { dueSince } from '../../lifecycle/due.ts'
import { day, formatDate } from '../../model/duration.ts'
import { plural } from '../../model/plural.ts'
import { isAdopted } from '../../model/wanted-end.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** An apply a day, with room for a weekend. */
const patience = 3 * day

/** Due as a plan says it, which is earlier than the maximum age where rotations are spread. Nobody rotates an adopted key unasked. */
export const rotationOverdue: Rule = (key, { now }) => {
  if (key.kind !== 'declared' || key.head === null || isAdopted(key.head)) return clean
  const { desired, head, slot } = key
  // A new secret would be dead as well.
  if (desired.expires.kind === 'until' && desired.expires.at <= now) return clean
  const since = dueSince(desired, head, slot, now)
  if (since === null || now - since < patience) return clean
  const days = Math.floor((now - since) / day)
  return [
    {
      message: `Its rotation was due on ${formatDate(since)}, ${plural(days, 'day')} ago, and was not done`,
      evidence: evidence({ dueSince: new Date(since).toISOString(), overdueDays: days }),
      remedy:
        'Look whether the schedule that runs `fluxloop-keys apply` has stopped or fails, and run it: `fluxloop-keys plan` shows what keeps this key from being rotated.',
    },
  ]
}
