import { formatDate } from '../../model/duration.ts'
import { isAdopted, withheldEnd } from '../../model/wanted-end.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** Where a key is rotated in time, its successor ends as declared. */
export const endNotAsDeclared: Rule = (key, { now }) => {
  if (key.kind !== 'declared' || key.head === null) return clean
  const { desired, head } = key
  const isFixed = desired.expires.kind === 'until'
  if (!isAdopted(head) && !isFixed) return clean
  const wanted = withheldEnd(desired, head, now)
  if (wanted === null) return clean
  const { expiresAt } = head
  const ends = expiresAt === null ? 'it never ends' : `it ends on ${formatDate(expiresAt)}`
  return [
    {
      message: `It is declared to end on ${formatDate(wanted)}, and ${ends}: apply writes no end that is past or near`,
      evidence: evidence({
        declaredEnd: new Date(wanted).toISOString(),
        expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
      }),
      remedy: isFixed
        ? 'Declare a later date, or revoke the key and remove its declaration.'
        : `Others hold its secret: \`fluxloop-keys rotate ${desired.keyId}\` makes a successor that ends as declared.`,
    },
  ]
}
