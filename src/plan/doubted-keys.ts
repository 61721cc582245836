import type { Change } from '../model/change.ts'
import type { Finding } from '../model/finding.ts'
import type { Facts } from './facts.ts'

/** The key ids of this stack of which a live key cannot be understood: none of their keys is touched. */
export function unreadableKeyIds({
  desired,
  current,
}: Pick<Facts, 'desired' | 'current'>): ReadonlySet<string> {
  return new Set(
    current.doubts.unreadable.flatMap(({ owner }) => (owner?.stack === desired.stack ? [owner.keyId] : [])),
  )
}

export function unreadableFindings(facts: Pick<Facts, 'desired' | 'current'>): readonly Finding[] {
  const { desired, current } = facts
  return current.doubts.unreadable.map(({ id, name, trouble, owner }) => {
    const keyId = owner?.stack === desired.stack ? owner.keyId : null
    return { severity: 'warning', code: 'key-unreadable', keyId, liveId: id, name, trouble }
  })
}

/** What may be revoked, given that a clock which contradicts the listing cannot tell how long a key was unused. */
export function withoutDoubt(
  revocations: readonly Change[],
  { current }: Facts,
): { readonly revocations: readonly Change[]; readonly findings: readonly Finding[] } {
  const { clock } = current.doubts
  if (clock === null || revocations.length === 0) return { revocations, findings: [] }
  const { now: at, liveId, lastUse } = clock
  const keyIds = [...new Set(revocations.map(({ keyId }) => keyId))].sort()
  const finding: Finding = { severity: 'warning', code: 'clock-contradicted', keyIds, liveId, lastUse, at }
  return { revocations: [], findings: [finding] }
}

/** A platform that says no key's environment cannot give a key the one that is declared. */
export function unsupportedEnvironments({ chosen, current: { keys } }: Facts): readonly Finding[] {
  const keyIds = chosen.filter(({ environment }) => environment !== null).map(({ keyId }) => keyId)
  const isSaid = keys.some(({ environment }) => environment !== undefined)
  if (keys.length === 0 || isSaid || keyIds.length === 0) return []
  return [{ severity: 'warning', code: 'environment-unsupported', keyIds: keyIds.sort() }]
}
