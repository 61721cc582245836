import { type Permissions, everyPermission, permissionSet } from '../model/permission.ts'
import { closest } from '../model/suggest.ts'
import type { KnownLists } from './known-lists.ts'
import type { Merged } from './merge.ts'
import { type Located, type Report, diagnosticFor } from './parts.ts'
import type { RawKey } from './raw.ts'

const rolePrefix = 'role:'

/** False where it reports something. */
function checkWildcard(at: Located<readonly unknown[]>, names: readonly string[], report: Report): boolean {
  if (names.length < 2 || !names.includes(everyPermission)) return true
  const own = at.value.indexOf(everyPermission)
  const message = '`*` stands for all permissions, and others are named too'
  const hint = 'Keep `*` alone, or (better) only the permissions that the key needs.'
  const place = own < 0 ? at : { ...at, path: [...at.path, own] }
  report(diagnosticFor(place, { code: 'wildcard-with-others', message, hint, onKey: own < 0 }))
  return false
}

/** Roles are plain sets of permissions: a role in a role is an error. */
export function checkRole(role: Located<readonly string[]>, report: Report): void {
  for (const [index, name] of role.value.entries()) {
    if (!name.startsWith(rolePrefix)) continue
    const message = 'A role holds permissions only, not other roles'
    const hint = 'List both roles at the key instead.'
    report(diagnosticFor({ ...role, path: [...role.path, index] }, { code: 'nested-role', message, hint }))
  }
  checkWildcard(role, role.value, report)
}

/** A key's permissions with its roles filled in, without those that end. `rolesKnown`: no file's roles are missing from `merged`. */
export function resolvePermissions(
  key: Located<RawKey>,
  { merged, rolesKnown, known }: { merged: Merged; rolesKnown: boolean; known: KnownLists },
  report: Report,
): Permissions {
  const value = key.value.permissions
  const before = known.permissions.get(value)
  if (before !== undefined) return before
  const at = { ...key, value, path: [...key.path, 'permissions'] }
  const names: string[] = []
  let isRight = true
  for (const [index, name] of value.entries()) {
    if (typeof name !== 'string') continue
    if (!name.startsWith(rolePrefix)) {
      names.push(name)
      continue
    }
    const roleName = name.slice(rolePrefix.length)
    const role = merged.roles.get(roleName)
    if (role !== undefined) names.push(...role.value)
    else if (rolesKnown && !merged.brokenRoles.has(roleName)) {
      isRight = false
      const declared = [...merged.roles.keys(), ...merged.brokenRoles].sort()
      const meant = closest(roleName, declared)
      const known = declared.length === 0 ? 'No role is declared.' : `Declared roles: ${declared.join(', ')}.`
      const hint = meant === null ? known : `Did you mean \`role:${meant}\`? ${known}`
      const message = `The role "${roleName}" is not declared`
      report(diagnosticFor({ ...at, path: [...at.path, index] }, { code: 'undeclared-role', message, hint }))
    }
  }
  isRight = checkWildcard(at, [...new Set(names)], report) && isRight
  const permissions = permissionSet(names)
  if (isRight) known.permissions.set(value, permissions)
  return permissions
}
