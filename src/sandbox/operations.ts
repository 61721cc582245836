import { whoami } from './authentication.ts'
import type { Handler, OpenHandler } from './incoming-call.ts'
import { completeLogin, refreshLogin, startLogin } from './login-flow.ts'
import { changeKey, createKey, listKeys, regenerateKey, revokeKey, showKey } from './keys.ts'
import { inviteMember } from './members.ts'
import type { PermissionName } from './permissions.ts'
import { createProject, listProjects, listWorkspaces, showProject } from './project-routes.ts'
import { listResults, uploadResults, uploadTurns } from './results.ts'
import { createScenario, deleteScenario, listScenarios, showScenario, updateScenario } from './scenarios.ts'
import { presign } from './storage.ts'
import { pullScenarios } from './sync-pull.ts'
import { keyUsage } from './record-usage.ts'

export interface Operation {
  /** Its `operationId` in `schemas/platform.openapi.yaml`. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** `{id}` stands for one segment. */
  readonly path: string
  /** Null: any key may. */
  readonly permission: PermissionName | null
  /** What usage figures call it. */
  readonly name: string
  readonly handler: Handler
}

type Row = readonly [string, Operation['method'], string, PermissionName | null, string, Handler]

const rows: readonly Row[] = [
  ['listKeys', 'GET', '/api/api-keys', 'manage_keys', 'List API keys', listKeys],
  ['createKey', 'POST', '/api/api-keys', 'manage_keys', 'Create API keys', createKey],
  ['showKey', 'GET', '/api/api-keys/{id}', 'manage_keys', 'Show API keys', showKey],
  ['updateKey', 'PATCH', '/api/api-keys/{id}', 'manage_keys', 'Update API keys', changeKey],
  ['revokeKey', 'DELETE', '/api/api-keys/{id}', 'manage_keys', 'Delete API keys', revokeKey],
  [
    'regenerateKey',
    'POST',
    '/api/api-keys/{id}/regenerate',
    'manage_keys',
    'Regenerate API keys',
    regenerateKey,
  ],
  ['keyUsage', 'GET', '/api/api-keys/{id}/usage', 'manage_keys', 'Read usage', keyUsage],
  ['whoami', 'GET', '/api/auth/whoami', null, 'Check identity', whoami],
  ['listProjects', 'GET', '/api/projects', null, 'List projects', listProjects],
  ['showProject', 'GET', '/api/projects/{id}', null, 'Show projects', showProject],
  ['createProject', 'POST', '/api/projects', 'manage_projects', 'Create projects', createProject],
  ['listWorkspaces', 'GET', '/api/workspaces', null, 'List workspaces', listWorkspaces],
  ['listScenarios', 'GET', '/api/scenarios', 'read_scenarios', 'List scenarios', listScenarios],
  ['createScenario', 'POST', '/api/scenarios', 'create_scenarios', 'Create scenarios', createScenario],
  ['showScenario', 'GET', '/api/scenarios/{id}', 'read_scenarios', 'Show scenarios', showScenario],
  ['updateScenario', 'PATCH', '/api/scenarios/{id}', 'update_scenarios', 'Update scenarios', updateScenario],
  ['deleteScenario', 'DELETE', '/api/scenarios/{id}', 'delete_scenarios', 'Delete scenarios', deleteScenario],
  ['pullScenarios', 'POST', '/api/sync/pull', 'read_scenarios', 'Pull scenarios', pullScenarios],
  ['uploadResults', 'POST', '/api/sync/upload', 'upload_results', 'Upload results', uploadResults],
  ['uploadTurns', 'POST', '/api/sync/turns', 'upload_results', 'Upload turns', uploadTurns],
  ['presignUpload', 'POST', '/api/storage/presign', 'upload_results', 'Prepare uploads', presign],
  ['listResults', 'GET', '/api/results', 'read_results', 'View results', listResults],
  ['inviteMember', 'POST', '/api/members', 'invite_members', 'Invite members', inviteMember],
]

/** Everything that the sandbox can do, and what each needs. There is no other list of it in the code. */
export const operations: readonly Operation[] = rows.map(([id, method, path, permission, name, handler]) => ({
  id,
  method,
  path,
  permission,
  name,
  handler,
}))

/** An operation that needs no credential: it is how one is got. */
export interface OpenOperation extends Pick<Operation, 'id' | 'path'> {
  readonly method: 'POST'
  readonly handler: OpenHandler
}

export const openOperations: readonly OpenOperation[] = [
  { id: 'startLogin', method: 'POST', path: '/api/cli-connect/start', handler: startLogin },
  { id: 'completeLogin', method: 'POST', path: '/api/cli-connect/complete', handler: completeLogin },
  { id: 'refreshLogin', method: 'POST', path: '/api/cli-connect/refresh', handler: refreshLogin },
]
