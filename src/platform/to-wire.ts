import { second } from '../model/duration.ts'
import type { Lifetime } from '../model/lifetime.ts'
import { everyPermission, type Permissions, permissionSet } from '../model/permission.ts'
import type { Scope } from '../model/scope.ts'
import { writeDescription } from './marker-text.ts'
import type { KeyPatch, NewKey } from './types.ts'
import type { WireKeyFields } from './wire.ts'
import { formatTime } from './wire-time.ts'

function wireScope(scope: Scope): '*' | string[] {
  return scope === 'all' ? '*' : [...scope].sort()
}

function wirePermissions(permissions: Permissions): string[] {
  return permissions.includes(everyPermission) ? [everyPermission] : [...permissionSet(permissions)]
}

function wireLifetime(lifetime: Lifetime): Pick<WireKeyFields, 'expires_at' | 'expires_in'> {
  switch (lifetime.kind) {
    case 'never':
      return { expires_in: null }
    case 'period':
      // Not a date: a replay must not depend on the moment it is sent.
      return { expires_in: Math.round(lifetime.length / second) }
    case 'until':
      return { expires_at: formatTime(lifetime.at) }
  }
}

/** The body of a create. Equal arguments give equal bytes. `project`: the only project of its scope, by its id or name. */
export function newKeyBody(key: NewKey, project: string | null): string {
  const fields: WireKeyFields = {
    name: key.name,
    description: writeDescription(key.description, key.marker),
    scope: wireScope(key.scope),
    ...(project === null ? {} : { project_id: project }),
    permissions: wirePermissions(key.permissions),
    ...wireLifetime(key.expires),
    ...(key.environment === null ? {} : { environment: key.environment }),
  }
  return JSON.stringify(fields)
}

/** The body of an update: the fields that are given, and no others. */
export function patchBody(patch: KeyPatch): string {
  const { name, description, scope, permissions, expiresAt } = patch
  const fields: WireKeyFields = {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined
      ? {}
      : { description: writeDescription(description.text, description.marker) }),
    ...(scope === undefined ? {} : { scope: wireScope(scope) }),
    ...(permissions === undefined ? {} : { permissions: wirePermissions(permissions) }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt === null ? null : formatTime(expiresAt) }),
  }
  return JSON.stringify(fields)
}
