import type { Change } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Finding } from '../model/finding.ts'
import type { LiveKey } from '../model/live-key.ts'
import { isAdopted, withheldEnd } from '../model/wanted-end.ts'
import type { Facts } from './facts.ts'

/** The key that a declaration with these changes is about, and that no rotation replaces in time; null where there is none. */
function unrenewed({ keyId, expires }: DesiredKey, own: readonly Change[], { owned }: Facts): LiveKey | null {
  if (own.some(({ kind }) => kind === 'rotate' || kind === 'heal' || kind === 'deliver')) return null
  const adoption = own.find(change => change.kind === 'adopt')
  if (adoption !== undefined) return adoption.live
  const live = owned.lineages.get(keyId)?.head?.live ?? null
  if (live === null) return null
  return isAdopted(live) || expires.kind === 'until' ? live : null
}

const noChanges: readonly Change[] = []
const noFindings: readonly Finding[] = []

/** A difference that no apply removes must not pass for none. */
export function withheldEnds(changes: readonly Change[], facts: Facts): readonly Finding[] {
  const byKeyId = new Map<string, Change[]>()
  for (const change of changes) byKeyId.set(change.keyId, [...(byKeyId.get(change.keyId) ?? []), change])
  return facts.chosen.flatMap((desired): readonly Finding[] => {
    const live = unrenewed(desired, byKeyId.get(desired.keyId) ?? noChanges, facts)
    const wanted = live === null ? null : withheldEnd(desired, live, facts.now)
    if (live === null || wanted === null) return noFindings
    const cause = desired.expires.kind === 'until' ? 'fixed-date' : 'adopted'
    const ends = { wanted, current: live.expiresAt }
    return [
      { severity: 'warning', code: 'end-withheld', keyId: desired.keyId, liveId: live.id, cause, ...ends },
    ]
  })
}

/** An adopted key that is given an end: nobody renews it, so whoever uses it loses access then. */
export function newEnds(changes: readonly Change[]): readonly Finding[] {
  return changes.flatMap((change): Finding[] => {
    if (change.kind !== 'adopt' && !(change.kind === 'update' && isAdopted(change.live))) return []
    const { keyId, live, fields } = change
    const end = fields.find(field => field.field === 'expires')
    if (end?.field !== 'expires' || end.desired === null) return []
    return [
      {
        severity: 'warning',
        code: 'rotate-by-hand',
        keyId,
        liveId: live.id,
        cause: 'will-end',
        at: end.desired,
      },
    ]
  })
}
