import type { DesiredKey } from '../model/desired.ts'
import { shortHash } from '../model/hash.ts'
import { formatLifetime } from '../model/lifetime.ts'
import type { FieldHashes } from '../model/marker.ts'
import type { Permissions } from '../model/permission.ts'
import type { Scope } from '../model/scope.ts'

const digits = 2

export const hashName = (name: string): string => shortHash(name, digits)
export const hashDescription = (description: string): string => shortHash(description, digits)
export const hashScope = (scope: Scope): string => shortHash(scope === 'all' ? '*' : scope.join(','), digits)
export const hashPermissions = (permissions: Permissions): string => shortHash(permissions.join(','), digits)

/** What a marker remembers of a declaration, once it is applied. */
export function fieldHashes(desired: DesiredKey): FieldHashes {
  return {
    name: hashName(desired.name),
    description: hashDescription(desired.description),
    scope: hashScope(desired.scope),
    permissions: hashPermissions(desired.permissions),
    expires: shortHash(formatLifetime(desired.expires), digits),
    environment: shortHash(desired.environment ?? '', digits),
  }
}
