import type { Answer, Call } from './incoming-call.ts'
import { notFound } from './http-error.ts'
import { keyScope } from './key-table.ts'
import type { ProjectScope } from './permissions.ts'
import { namedProject, requireProject } from './project-routes.ts'
import { randomText } from './make-secret.ts'
import { type Fields, fieldsOf, queryFields, textField } from './validation.ts'

interface ScenarioRow {
  readonly id: string
  readonly project: string
  readonly name: string
  /** JSON. */
  readonly content: string
  readonly created_at: number
  readonly updated_at: number
}

export function listScenarios(call: Call): Answer {
  return { status: 200, body: { scenarios: scenariosOf(call, queryFields(call.query)) } }
}

function scenariosOf(call: Call, fields: Fields): unknown[] {
  const project = namedProject(call, fields)
  fields.finish()
  return scenariosIn(call, project === undefined ? keyScope(call.caller) : [project])
}

/** The scenarios of some projects, or of all. */
export function scenariosIn(call: Call, scope: ProjectScope): unknown[] {
  const rows = call.database.all('select * from scenarios order by created_at, id') as ScenarioRow[]
  return rows.filter(row => scope === '*' || scope.includes(row.project)).map(row => shown(row))
}

export function createScenario(call: Call): Answer {
  const fields = fieldsOf('body', call.body())
  const name = textField(fields, 'name', { required: true }) ?? ''
  const project = namedProject(call, fields)
  if (project === undefined && !fields.has('project_id')) {
    fields.issue('project_id', 'Field required', 'missing')
  }
  fields.finish()
  const row: ScenarioRow = {
    id: `scn_${randomText(12)}`,
    project: project ?? '',
    name,
    content: JSON.stringify(fields.value('content') ?? null),
    created_at: call.now,
    updated_at: call.now,
  }
  call.database.run(
    'insert into scenarios values (?, ?, ?, ?, ?, ?)',
    row.id,
    row.project,
    row.name,
    row.content,
    row.created_at,
    row.updated_at,
  )
  return { status: 201, body: shown(row) }
}

export function showScenario(call: Call): Answer {
  return { status: 200, body: shown(scenario(call)) }
}

export function updateScenario(call: Call): Answer {
  const row = scenario(call)
  const fields = fieldsOf('body', call.body())
  const name = textField(fields, 'name') ?? row.name
  fields.finish()
  const content = fields.has('content') ? JSON.stringify(fields.value('content')) : row.content
  const sql = 'update scenarios set name = ?, content = ?, updated_at = ? where id = ?'
  call.database.run(sql, name, content, call.now, row.id)
  return { status: 200, body: shown({ ...row, name, content, updated_at: call.now }) }
}

export function deleteScenario(call: Call): Answer {
  call.database.run('delete from scenarios where id = ?', scenario(call).id)
  return { status: 204 }
}

function scenario(call: Call): ScenarioRow {
  const row = call.database.get('select * from scenarios where id = ?', call.id) as ScenarioRow | undefined
  if (row === undefined) throw notFound('Scenario')
  requireProject(call, row.project)
  return row
}

function shown(row: ScenarioRow): unknown {
  return {
    id: row.id,
    project: row.project,
    name: row.name,
    content: JSON.parse(row.content) as unknown,
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
  }
}
