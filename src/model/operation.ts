import type { Permission } from './permission.ts'

/**
 * The permission that each operation of the platform needs, by the name that usage shows; null: none. Source: the platform's page for
 * the first three, its contract for the others.
 */
export const operationPermissions: Readonly<Record<string, Permission | null>> = {
  'Pull scenarios': 'read_scenarios',
  'Upload results': 'upload_results',
  'Create scenarios': 'create_scenarios',
  'List scenarios': 'read_scenarios',
  'Show scenarios': 'read_scenarios',
  'Update scenarios': 'update_scenarios',
  'Delete scenarios': 'delete_scenarios',
  'Upload turns': 'upload_results',
  'Prepare uploads': 'upload_results',
  'View results': 'read_results',
  'Create projects': 'manage_projects',
  'Invite members': 'invite_members',
  'List API keys': 'manage_keys',
  'Create API keys': 'manage_keys',
  'Show API keys': 'manage_keys',
  'Update API keys': 'manage_keys',
  'Delete API keys': 'manage_keys',
  'Regenerate API keys': 'manage_keys',
  'Read usage': 'manage_keys',
  'Check identity': null,
  'List projects': null,
  'Show projects': null,
  'List workspaces': null,
}

/** What this program does itself with every secret that it makes or proves. */
export const identityCheck = 'Check identity'

/** Undefined where this version does not know the operation: then any permission may have been used. */
export function permissionOf(operation: string): Permission | null | undefined {
  return Object.hasOwn(operationPermissions, operation) ? operationPermissions[operation] : undefined
}
