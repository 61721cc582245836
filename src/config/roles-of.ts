import { type Permissions, permissionSet } from '../model/permission.ts'
import type { RawFile } from './raw.ts'

/** The roles of a valid configuration. */
export function rolesOf(files: readonly RawFile[]): ReadonlyMap<string, Permissions> {
  const roles = new Map<string, Permissions>()
  for (const { roles: declared = {} } of files)
    for (const [name, permissions] of Object.entries(declared)) roles.set(name, permissionSet(permissions))
  return roles
}
