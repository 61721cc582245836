import type { DesiredKey } from '../../model/desired.ts'
import type { Instant } from '../../model/duration.ts'
import { endOfLife } from '../../model/lifetime.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { permissionsBeyond, samePermissions } from '../../model/permission.ts'
import { reachesBeyond, sameScope } from '../../model/scope.ts'
import type { FieldValues } from '../../model/field-change.ts'

type SuccessorField = FieldValues & { readonly widens: boolean }

/** What a rotated key's successor, made at `now`, has otherwise than the key it replaces. */
export function successorFields(desired: DesiredKey, live: LiveKey, now: Instant): readonly SuccessorField[] {
  const fields: SuccessorField[] = []
  for (const field of ['name', 'description'] as const) {
    if (live[field] !== desired[field]) {
      fields.push({ field, current: live[field], desired: desired[field], widens: false })
    }
  }
  if (!sameScope(live.scope, desired.scope)) {
    const widens = reachesBeyond(desired.scope, live.scope)
    fields.push({ field: 'scope', current: live.scope, desired: desired.scope, widens })
  }
  if (!samePermissions(live.permissions, desired.permissions)) {
    const { permissions } = desired
    const widens = permissionsBeyond(permissions, live.permissions).length > 0
    fields.push({ field: 'permissions', current: live.permissions, desired: permissions, widens })
  }
  const end = endOfLife(desired.expires, now)
  if (live.expiresAt !== end) {
    // A later end is what a rotation is for; a successor without any end is not.
    fields.push({ field: 'expires', current: live.expiresAt, desired: end, widens: end === null })
  }
  const isProtected = live.ownership.kind === 'managed' && live.ownership.marker.protected
  if (isProtected !== desired.protect)
    fields.push({ field: 'protect', current: isProtected, desired: desired.protect, widens: false })
  return fields
}
