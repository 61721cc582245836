/** The platform's nine permissions in its own order (source: its page on API keys). */
export const permissionNames = [
  'read_scenarios',
  'create_scenarios',
  'update_scenarios',
  'delete_scenarios',
  'upload_results',
  'read_results',
  'manage_projects',
  'invite_members',
  'manage_keys',
] as const

export type PermissionName = (typeof permissionNames)[number]

/** What the platform's web form has ticked. */
export const defaultPermissions: readonly PermissionName[] = [
  'read_scenarios',
  'upload_results',
  'create_scenarios',
]

/** Names, or `['*']` for all. */
export type Grants = readonly string[]

/** All projects, or the names of some. */
export type ProjectScope = '*' | readonly string[]

export function isPermission(name: string): name is PermissionName {
  return (permissionNames as readonly string[]).includes(name)
}

/** The permissions of `wanted` that `held` lacks. `'*'` is more than all the names that there are today. */
export function missingPermissions(wanted: Grants, held: Grants): string[] {
  return held.includes('*') ? [] : wanted.filter(name => !held.includes(name))
}

/** The projects of `wanted` that `held` does not reach; `'*'` stands for all projects. */
export function missingProjects(wanted: ProjectScope, held: ProjectScope): string[] {
  if (held === '*') return []
  if (wanted === '*') return ['*']
  return wanted.filter(name => !held.includes(name))
}
