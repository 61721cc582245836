import type { Answer, Call } from './call.ts'
import { keyScope } from './key-table.ts'
import { namedProject } from './projects.ts'
import { randomText } from './secrets.ts'
import { fieldsOf, queryFields } from './validation.ts'

interface ResultRow {
  readonly id: string
  readonly project: string
  readonly kind: 'result' | 'turn'
  /** JSON. */
  readonly content: string
  readonly created_at: number
}

/** What `fluxloop sync upload` sends: `{"project_id", "results": [...]}`. */
export function uploadResults(call: Call): Answer {
  return upload(call, 'results', 'result')
}

/** The turns of one conversation: `{"project_id", "turns": [...]}`. */
export function uploadTurns(call: Call): Answer {
  return upload(call, 'turns', 'turn')
}

function upload(call: Call, field: string, kind: ResultRow['kind']): Answer {
  const fields = fieldsOf('body', call.body())
  const project = namedProject(call, fields)
  if (project === undefined && !fields.has('project_id')) {
    fields.issue('project_id', 'Field required', 'missing')
  }
  const items = fields.value(field) ?? []
  if (!Array.isArray(items)) fields.issue(field, 'Input should be a valid list', 'list_type')
  fields.finish()
  const list = items as unknown[]
  for (const item of list) {
    call.database.run(
      'insert into results values (?, ?, ?, ?, ?)',
      `res_${randomText(16)}`,
      project ?? '',
      kind,
      JSON.stringify(item),
      call.now,
    )
  }
  return { status: 201, body: { uploaded: list.length } }
}

export function listResults(call: Call): Answer {
  const fields = queryFields(call.query)
  const project = namedProject(call, fields)
  fields.finish()
  const scope = project === undefined ? keyScope(call.caller) : [project]
  const rows = call.database.all('select * from results order by created_at, rowid') as ResultRow[]
  const results = rows
    .filter(row => scope === '*' || scope.includes(row.project))
    .map(row => ({
      id: row.id,
      project: row.project,
      kind: row.kind,
      content: JSON.parse(row.content) as unknown,
      created_at: new Date(row.created_at).toISOString(),
    }))
  return { status: 200, body: { results } }
}
