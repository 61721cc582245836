import type { Call } from './incoming-call.ts'
import { HttpError, forbidden } from './http-error.ts'
import { type KeyRow, keyPermissions, keyScope } from './key-table.ts'
import { type Grants, type ProjectScope, missingPermissions, missingProjects } from './permissions.ts'

/** Nobody hands out more than it has itself. Throws a 403 that says what is missing. */
export function refuseGrants(call: Call, permissions: Grants, scope: ProjectScope): void {
  const held = keyPermissions(call.caller)
  const lacking = missingPermissions(permissions, held)
  if (lacking.length > 0) {
    throw forbidden('A key cannot grant permissions that it does not have', lacking, held)
  }
  const reach = keyScope(call.caller)
  const beyond = missingProjects(scope, reach)
  if (beyond.length > 0) {
    const current = reach === '*' ? ['*'] : reach
    throw forbidden(
      'A key cannot grant projects that it does not reach',
      beyond.map(name => `project:${name}`),
      current.map(name => `project:${name}`),
    )
  }
}

/** Throws a 412 where the caller has seen another version of the key. A version that is not an entity tag, in quotes, is none. */
export function requireVersion(call: Call, row: KeyRow): void {
  if (call.ifMatch === null || call.ifMatch.trim() === '*') return
  const accepted = call.ifMatch.split(',').map(tag => tag.trim())
  if (!accepted.includes(`"${row.version}"`)) {
    throw new HttpError(412, {
      detail: `The key has changed: its version is ${row.version}`,
      code: 'version_mismatch',
      version: row.version,
    })
  }
}
