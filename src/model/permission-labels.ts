import { type Permission, type Permissions, allPermissions, everyPermission } from './permission.ts'

/** What screens call the permissions, the platform page's own five first and in its order; the words of the others are ours. */
export const permissionLabels = {
  read_scenarios: 'Read scenarios',
  upload_results: 'Upload results',
  create_scenarios: 'Create scenarios',
  delete_scenarios: 'Delete scenarios',
  manage_projects: 'Manage projects',
  update_scenarios: 'Update scenarios',
  read_results: 'Read results',
  invite_members: 'Invite members',
  manage_keys: 'Manage API keys',
} as const satisfies Readonly<Record<Permission, string>>

/** The nine in the order in which screens show them. */
export const shownPermissions = Object.keys(permissionLabels) as readonly Permission[]

/** The same set in the order in which screens show it; names that this version does not know come last. */
export function inShownOrder(permissions: Permissions): readonly string[] {
  const known: readonly string[] = shownPermissions
  return [
    ...permissions.filter(name => name === everyPermission),
    ...known.filter(name => permissions.includes(name)),
    ...permissions.filter(name => name !== everyPermission && !known.includes(name)),
  ]
}

/** Does the set grant it, by name or by `*`? */
export function grants(permissions: Permissions, name: Permission): boolean {
  return (
    permissions.includes(name) || (permissions.includes(everyPermission) && allPermissions.includes(name))
  )
}
