import type { Cause, FieldChange } from '../model/field-change.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { EmergencyGrant, MarkedField, Marker } from '../model/marker.ts'
import {
  type Permissions,
  commonPermissions,
  permissionSet,
  permissionsBeyond,
  samePermissions,
} from '../model/permission.ts'
import { commonScope, reachesBeyond, sameScope } from '../model/scope.ts'
import { endMoves, wantedEnd } from '../model/wanted-end.ts'
import {
  fieldHashes,
  hashDescription,
  hashName,
  hashPermissions,
  hashScope,
} from '../lifecycle/field-hashes.ts'

/** A live key, with what a marker remembers of the declaration that was last applied to it. */
export interface AppliedKey {
  readonly live: LiveKey
  readonly marker: Pick<Marker, 'fields' | 'protected'>
}

/** The hash of what the platform has; null where it cannot be hashed back into what was declared. */
function liveHash(live: LiveKey, field: MarkedField): string | null {
  switch (field) {
    case 'name':
      return hashName(live.name)
    case 'description':
      return hashDescription(live.description)
    case 'scope':
      return hashScope(live.scope)
    case 'permissions':
      return hashPermissions(live.permissions)
    case 'expires':
    case 'environment':
      return null
  }
}

/** Why a field differs. */
function causeOf(
  field: MarkedField,
  desired: DesiredKey,
  { live, marker }: AppliedKey,
  grant: EmergencyGrant | null,
): Cause {
  const found = liveHash(live, field)
  const changed = fieldHashes(desired)[field] !== marker.fields[field]
  const drifted = found === null ? !changed : found !== marker.fields[field]
  // What was given in an emergency is taken away again: nobody else changed anything.
  const isGranted = grant !== null && field === 'permissions' && drifted
  if (isGranted && hashPermissions(withoutGrant(live.permissions, grant)) === marker.fields.permissions)
    return changed ? 'changed' : 'break-glass'
  if (changed && drifted) return 'both'
  return drifted ? 'drift' : 'changed'
}

function withoutGrant(permissions: Permissions, grant: EmergencyGrant): Permissions {
  return permissions.filter(name => !(grant.permissions as readonly string[]).includes(name))
}

/** What a key is to have now: what is declared, and as long as a grant lasts what the key still has of that. It is never given it anew. */
function permissionsNow(
  { permissions }: DesiredKey,
  { live }: AppliedKey,
  grant: EmergencyGrant | null,
  now: Instant,
): Permissions {
  if (grant === null || grant.until <= now) return permissions
  return permissionSet([...permissions, ...commonPermissions(grant.permissions, live.permissions)])
}

const none: readonly FieldChange[] = []

const texts = ['name', 'description'] as const

const later = (a: Instant | null, b: Instant | null) => b !== null && (a === null || a > b)

/** The end alone, which a regeneration moves: what its answer makes of it cannot be known before. */
export function endChange(desired: DesiredKey, key: AppliedKey, now: Instant): readonly FieldChange[] {
  const { live } = key
  if (!endMoves(desired, live, now)) return none
  const wanted = wantedEnd(desired, live)
  const widens = later(wanted, live.expiresAt)
  const cause = causeOf('expires', desired, key, null)
  return [{ field: 'expires', current: live.expiresAt, desired: wanted, cause, widens }]
}

/** What one PATCH has to change so that the head is as declared, field by field. `grant`: what it was given in an emergency, where that counts. */
export function fieldChanges(
  desired: DesiredKey,
  key: AppliedKey,
  now: Instant,
  grant: EmergencyGrant | null = null,
): readonly FieldChange[] {
  const { live, marker } = key
  const changes: FieldChange[] = []
  for (const field of texts) {
    if (live[field] === desired[field]) continue
    const cause = causeOf(field, desired, key, grant)
    changes.push({ field, current: live[field], desired: desired[field], cause, widens: false })
  }
  if (!sameScope(live.scope, desired.scope)) {
    const widens = reachesBeyond(desired.scope, live.scope)
    const cause = causeOf('scope', desired, key, grant)
    changes.push({ field: 'scope', current: live.scope, desired: desired.scope, cause, widens })
  }
  const permissions = permissionsNow(desired, key, grant, now)
  if (!samePermissions(live.permissions, permissions)) {
    const widens = permissionsBeyond(permissions, live.permissions).length > 0
    const cause = causeOf('permissions', desired, key, grant)
    changes.push({
      field: 'permissions',
      current: live.permissions,
      desired: permissions,
      cause,
      widens,
    })
  }
  changes.push(...endChange(desired, key, now))
  if (marker.protected !== desired.protect) {
    const { protect } = desired
    changes.push({
      field: 'protect',
      current: marker.protected,
      desired: protect,
      cause: 'changed',
      widens: false,
    })
  }
  return changes
}

export interface Narrowing {
  readonly fields: readonly FieldChange[]
  /** Fields in which it has nothing in common with its successor's declaration: nothing would remain, so they stay. */
  readonly left: readonly ('scope' | 'permissions')[]
}

/** What a retiring key may do beyond its successor's declaration, taken away. It is never given anything. */
export function narrowing(
  desired: DesiredKey,
  key: AppliedKey,
  now: Instant,
  grant: EmergencyGrant | null = null,
): Narrowing {
  const { live } = key
  const allowed = permissionsNow(desired, key, grant, now)
  const changes: FieldChange[] = []
  const left: Narrowing['left'][number][] = []
  if (reachesBeyond(live.scope, desired.scope)) {
    const scope = commonScope(live.scope, desired.scope)
    if (scope.length === 0) left.push('scope')
    else {
      const cause = causeOf('scope', desired, key, grant)
      changes.push({ field: 'scope', current: live.scope, desired: scope, cause, widens: false })
    }
  }
  if (permissionsBeyond(live.permissions, allowed).length > 0) {
    const permissions = commonPermissions(live.permissions, allowed)
    const cause = causeOf('permissions', desired, key, grant)
    if (permissions.length === 0) left.push('permissions')
    else
      changes.push({
        field: 'permissions',
        current: live.permissions,
        desired: permissions,
        cause,
        widens: false,
      })
  }
  return { fields: changes, left }
}
