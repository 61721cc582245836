import type { WireProject } from '../platform/wire.ts'
import type { Answer, Call } from './incoming-call.ts'
import type { Database } from './database.ts'
import { HttpError, forbidden, notFound } from './http-error.ts'
import { keyScope } from './key-table.ts'
import { missingProjects } from './permissions.ts'
import { randomText } from './make-secret.ts'
import { type Fields, fieldsOf, textField } from './validation.ts'

interface ProjectRow {
  readonly id: string
  readonly name: string
  readonly status: string
}

/** A project by its id or its name. */
export function findProject(database: Database, idOrName: string): ProjectRow | undefined {
  return database.get('select * from projects where name = ? or id = ?', idOrName, idOrName) as
    ProjectRow | undefined
}

function reached(call: Call, name: string): boolean {
  return missingProjects([name], keyScope(call.caller)).length === 0
}

function wireProject(row: ProjectRow): WireProject {
  return { id: row.id, name: row.name, status: row.status }
}

/** The projects that the caller reaches. */
export function listProjects(call: Call): Answer {
  const rows = call.database.all('select * from projects order by created_at, rowid') as ProjectRow[]
  return {
    status: 200,
    body: { projects: rows.filter(row => reached(call, row.name)).map(row => wireProject(row)) },
  }
}

export function showProject(call: Call): Answer {
  const row = findProject(call.database, call.id)
  if (row === undefined || !reached(call, row.name)) throw notFound('Project')
  call.touch(row.name)
  return { status: 200, body: wireProject(row) }
}

export function createProject(call: Call): Answer {
  const fields = fieldsOf('body', call.body())
  const name = textField(fields, 'name', { required: true, longest: 100 }) ?? ''
  if (name !== '' && !/^[\w.-]+$/.test(name)) {
    fields.issue('name', 'String should have only letters, digits, and ._-', 'string_pattern_mismatch')
  }
  fields.finish()
  requireAllProjects(call)
  if (findProject(call.database, name) !== undefined) {
    throw new HttpError(409, { detail: `There is a project '${name}' already` })
  }
  const row: ProjectRow = { id: `proj_${randomText(12)}`, name, status: 'active' }
  call.database.run('insert into projects values (?, ?, ?, ?)', row.id, row.name, row.status, call.now)
  call.touch(name)
  return { status: 201, body: wireProject(row) }
}

export function listWorkspaces(): Answer {
  return { status: 200, body: { workspaces: [{ id: 'ws_sandbox', name: 'Sandbox', status: 'active' }] } }
}

/** What only a key for all projects may do. Throws a 403. */
export function requireAllProjects(call: Call): void {
  const scope = keyScope(call.caller)
  if (scope === '*') return
  throw forbidden(
    'The key is for some projects only',
    ['project:*'],
    scope.map(name => `project:${name}`),
  )
}

/**
 * The project that a request names in `project_id` (an id or a name), or the caller's only one. Undefined where neither is
 * there, or where it is wrong (then there is an issue). Throws a 403 where the caller does not reach it.
 */
export function namedProject(call: Call, fields: Fields): string | undefined {
  const scope = keyScope(call.caller)
  if ((fields.value('project_id') ?? null) === null) {
    const only = scope !== '*' && scope.length === 1 ? scope[0] : undefined
    if (only !== undefined) call.touch(only)
    return only
  }
  const text = textField(fields, 'project_id')
  if (text === undefined) return undefined
  const project = findProject(call.database, text)
  if (project === undefined) {
    fields.issue('project_id', `Unknown project '${text}'`, 'unknown_project')
    return undefined
  }
  requireProject(call, project.name)
  return project.name
}

/** Notes that the request is about that project. Throws a 403 where the caller does not reach it. */
export function requireProject(call: Call, name: string): void {
  if (!reached(call, name)) {
    const scope = keyScope(call.caller)
    const current = scope === '*' ? ['*'] : scope
    throw forbidden(
      `The key does not reach the project '${name}'`,
      [`project:${name}`],
      current.map(project => `project:${project}`),
    )
  }
  call.touch(name)
}
