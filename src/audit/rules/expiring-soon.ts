import { plural } from '../../model/plural.ts'
import { day, formatDate } from '../../model/duration.ts'
import { isAdopted } from '../../model/wanted-end.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** A key that apply renews is late only where half of the time that was meant for it is gone. */
export const expiringSoon: Rule = (key, { now }) => {
  if (key.kind !== 'declared' || key.head?.expiresAt == null) return clean
  const { head, desired } = key
  const { expiresAt } = head
  if (expiresAt === null) return clean
  const adopted = isAdopted(head)
  const renewed = desired.expires.kind === 'period' && !adopted
  const { renewBefore } = desired.rotation
  if (expiresAt > now + (renewed ? renewBefore / 2 : renewBefore)) return clean
  const days = Math.floor((expiresAt - now) / day)
  return [
    {
      message:
        expiresAt <= now
          ? `It expired on ${formatDate(expiresAt)}`
          : `It expires on ${formatDate(expiresAt)}, in ${plural(days, 'day')}`,
      evidence: evidence({ expiresAt: new Date(expiresAt).toISOString(), days, renewedByApply: renewed }),
      remedy: renewed
        ? 'Run `fluxloop-keys apply`: it renews the key.'
        : adopted
          ? `Others hold its secret: \`fluxloop-keys rotate ${desired.keyId}\` makes a successor.`
          : 'Declare a later date, or a period, which is renewed in time.',
    },
  ]
}
