import type { Call } from './incoming-call.ts'
import { findProject, requireProject } from './project-routes.ts'
import type { Fields } from './validation.ts'

/** The only bundle version of a project: a sandbox keeps no history. */
export function bundleOf(projectId: string): string {
  return `bv_${projectId}`
}

/**
 * The project of `bundle_version_id`. Undefined where the body has none, or one of all projects. Throws a 403 where the caller does
 * not reach it.
 */
export function projectOfBundle(call: Call, fields: Fields): string | undefined {
  const id = fields.value('bundle_version_id')
  if (id === undefined || id === null || id === 'bv_all') return undefined
  const project =
    typeof id === 'string' && id.startsWith('bv_') ? findProject(call.database, id.slice(3)) : undefined
  if (project === undefined) {
    fields.issue('bundle_version_id', 'Unknown bundle version', 'unknown_bundle_version')
    return undefined
  }
  requireProject(call, project.name)
  return project.name
}
