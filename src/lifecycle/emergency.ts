import { longestGrant } from '../model/break-glass.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { EmergencyGrant } from '../model/marker.ts'
import type { ManagedKey } from './lineage.ts'

/** Proof that a live key's marker was written by this team. */
type Signed = { readonly has: (liveId: string) => boolean }

/**
 * The grant that a key's marker records, where it counts: anybody who may edit keys can write a marker, so the policy has to let somebody give
 * this key these permissions, for at most that long, and where markers are signed the signature has to hold. Null where there is none.
 */
export function grantOf(
  { live, marker }: ManagedKey,
  keyId: string,
  { policy, marker: signing }: Pick<DesiredState, 'policy' | 'marker'>,
  signed: Signed,
  now: Instant,
): EmergencyGrant | null {
  const { grant } = marker
  if (grant === null) return null
  const longest = longestGrant(policy.breakGlass, keyId, grant.permissions)
  const isSigned = signing === null || signed.has(live.id)
  return longest !== null && isSigned && grant.until - now <= longest ? grant : null
}

/** A grant of its marker that counts for nothing, and has not ended by its own account. */
export function isUncounted({ marker }: ManagedKey, counted: EmergencyGrant | null, now: Instant): boolean {
  return counted === null && marker.grant !== null && marker.grant.until > now
}
