import { interned } from './interned.ts'

/** The platform's nine permissions in its own order, with its words for them (source: the platform's page on API keys). */
export const permissionDescriptions = {
  read_scenarios: 'Pull scenarios from cloud',
  create_scenarios: 'Create new scenarios',
  update_scenarios: 'Modify existing scenarios',
  delete_scenarios: 'Delete scenarios',
  upload_results: 'Upload test results',
  read_results: 'View test results',
  manage_projects: 'Create and modify projects',
  invite_members: 'Invite team members',
  manage_keys: 'Create and manage API keys',
} as const

export type Permission = keyof typeof permissionDescriptions

export const allPermissions = Object.keys(permissionDescriptions) as readonly Permission[]

/** Stands for all permissions. */
export const everyPermission = '*'

const listOnce = interned(names => names)

/**
 * A set of permission names, sorted and without repeats; `['*']` stands for all. A live key may carry names that this
 * version does not know, so they are strings.
 */
export type Permissions = readonly string[]

/** The same names give the same list. */
export const permissionSet = interned((names): Permissions => {
  const unique = new Set(names)
  return listOnce(unique.has(everyPermission) ? [everyPermission] : [...unique].sort())
})

/**
 * What `permissions` grants that `granted` does not. All of them are more than the nine: whatever the platform adds belongs to them,
 * so no list has them.
 */
export function permissionsBeyond(permissions: Permissions, granted: Permissions): Permissions {
  if (permissions === granted || granted.includes(everyPermission)) return []
  const held = new Set(granted)
  return permissions.filter(name => !held.has(name)).toSorted()
}

export function samePermissions(a: Permissions, b: Permissions): boolean {
  return a === b || (permissionsBeyond(a, b).length === 0 && permissionsBeyond(b, a).length === 0)
}

/** What both grant. */
export function commonPermissions(a: Permissions, b: Permissions): Permissions {
  if (a.includes(everyPermission)) return permissionSet(b)
  if (b.includes(everyPermission)) return permissionSet(a)
  return permissionSet(a.filter(name => b.includes(name)))
}
