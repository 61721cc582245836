import type { Answer, Call } from './incoming-call.ts'
import { bundleOf, projectOfBundle } from './bundles.ts'
import { keyScope } from './key-table.ts'
import { findProject, namedProject } from './project-routes.ts'
import { scenariosIn } from './scenarios.ts'
import { fieldsOf } from './validation.ts'

/** What `fluxloop sync pull` asks for. A bundle is what a project has right now. */
export function pullScenarios(call: Call): Answer {
  const fields = fieldsOf('body', call.body())
  const project = projectOfBundle(call, fields) ?? namedProject(call, fields)
  fields.finish()
  const scenarios = scenariosIn(call, project === undefined ? keyScope(call.caller) : [project])
  const id = project === undefined ? null : (findProject(call.database, project)?.id ?? null)
  return {
    status: 200,
    body: {
      bundle_version: { id: id === null ? 'bv_all' : bundleOf(id), project_id: id },
      input_items: [],
      personas: [],
      criteria_pack: null,
      scenario_context: null,
      sync_meta: { pulled_at: new Date(call.now).toISOString() },
      scenarios,
    },
  }
}
