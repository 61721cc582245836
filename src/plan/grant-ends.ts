import type { CalendarEntry } from '../model/calendar.ts'
import type { DesiredKey } from '../model/desired.ts'
import { type Instant, day } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import type { EmergencyGrant } from '../model/marker.ts'
import { hasEnded } from '../model/temporary-grant.ts'
import type { Lineage } from '../lifecycle/lineage.ts'
import type { Facts } from './facts.ts'

/** How near the end of a grant must be to be worth a warning. */
const near = 14 * day

/** Which temporary grants end soon; those that have ended are findings of audit, until somebody removes them. */
export function grantsNearEnd(
  _changes: unknown,
  { chosen, now }: Pick<Facts, 'chosen' | 'now'>,
): readonly Finding[] {
  const granting = chosen.filter(({ grants }) => grants.length > 0)
  return granting.flatMap(({ keyId, grants }) =>
    grants
      .filter(grant => !hasEnded(grant, now) && grant.until - now <= near)
      .map(({ kind, name, until, reason }): Finding => {
        return {
          severity: 'warning',
          code: 'grant-near',
          keyId,
          grant: kind,
          name,
          until,
          reason,
        }
      }),
  )
}

/** What the first apply after its day takes from a key. */
export function grantEntries(
  { keyId, name, grants }: DesiredKey,
  { head, pending }: Lineage,
  now: Instant,
  /** What the head was given in an emergency, where that counts. */
  emergency: EmergencyGrant | null,
): readonly CalendarEntry[] {
  const holder = head ?? pending[0] ?? null
  const given = (emergency?.permissions ?? []).map(permission => {
    return {
      kind: 'permission',
      name: permission,
      until: emergency?.until ?? now,
      reason: 'break-glass',
    } as const
  })
  return [...grants, ...given]
    .filter(grant => !hasEnded(grant, now))
    .map(({ kind, name: granted, until, reason }) => ({
      at: until,
      keyId,
      name,
      liveId: holder?.live.id ?? null,
      generation: holder?.marker.generation ?? 1,
      event: 'narrows',
      grant: kind,
      granted,
      reason,
    }))
}
