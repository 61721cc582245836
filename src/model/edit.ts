import type { FieldChange } from './field-change.ts'
import { type Instant, minute } from './duration.ts'
import { type Lifetime, endOfLife } from './lifetime.ts'
import type { LiveKey } from './live-key.ts'
import { type Permissions, permissionsBeyond, samePermissions } from './permission.ts'
import { type Scope, reachesBeyond, sameScope } from './scope.ts'

/** What to change on a key by hand; null leaves a field as it is. */
export interface Edit {
  readonly name: string | null
  readonly description: string | null
  readonly scope: Scope | null
  readonly permissions: Permissions | null
  /** A period counts from now. */
  readonly expires: Lifetime | null
}

type WithoutCause<Each> = Each extends FieldChange ? Omit<Each, 'cause'> : never

/** A field that an edit changes; nobody's configuration is the cause of it. */
export type EditedField = WithoutCause<
  Extract<FieldChange, { readonly field: 'name' | 'description' | 'scope' | 'permissions' | 'expires' }>
>

function minuteOf(at: Instant | null): number | null {
  return at === null ? null : Math.floor(at / minute)
}

function editedExpiry(current: Instant | null, expires: Lifetime, now: Instant): EditedField | null {
  const desired = endOfLife(expires, now)
  // A period counts from now: what differs by less than a screen shows is not a change.
  if (desired === current || minuteOf(desired) === minuteOf(current)) return null
  const widens = current !== null && (desired === null || desired > current)
  return { field: 'expires', current, desired, widens }
}

/** The fields of a live key that an edit would really change. */
export function editedFields(live: LiveKey, edit: Edit, now: Instant): readonly EditedField[] {
  const { scope, permissions, expires } = edit
  const fields: (EditedField | null)[] = (['name', 'description'] as const).map(field => {
    const [current, desired] = [live[field], edit[field]]
    return desired === null || desired === current ? null : { field, current, desired, widens: false }
  })
  if (scope !== null && !sameScope(scope, live.scope)) {
    const widens = reachesBeyond(scope, live.scope)
    fields.push({ field: 'scope', current: live.scope, desired: scope, widens })
  }
  if (permissions !== null && !samePermissions(permissions, live.permissions)) {
    const widens = permissionsBeyond(permissions, live.permissions).length > 0
    fields.push({ field: 'permissions', current: live.permissions, desired: permissions, widens })
  }
  if (expires !== null) fields.push(editedExpiry(live.expiresAt, expires, now))
  return fields.filter(field => field !== null)
}
