import { projectOfBundle } from './bundles.ts'
import type { Answer, Call } from './incoming-call.ts'
import { keyScope } from './key-table.ts'
import { namedProject } from './project-routes.ts'
import { randomText } from './make-secret.ts'
import { fieldsOf, queryFields, textField } from './validation.ts'

interface ResultRow {
  readonly id: string
  readonly project: string
  readonly kind: 'result' | 'turn'
  /** JSON. */
  readonly content: string
  readonly created_at: number
}

/** What a run leaves, by the names under which the platform's own client sends it; `results` is ours. */
const parts = ['runs', 'run_results', 'artifacts', 'turns', 'results'] as const

/** What `fluxloop sync upload` sends: the parts of one batch of runs, of a project or of a bundle version. */
export function uploadResults(call: Call): Answer {
  const fields = fieldsOf('body', call.body())
  const project = projectOfBundle(call, fields) ?? namedProject(call, fields)
  if (
    project === undefined &&
    (fields.value('project_id') ?? fields.value('bundle_version_id') ?? null) === null
  )
    fields.issue('bundle_version_id', 'Field required where the key is for several projects', 'missing')
  const lists = parts.map(part => [part, fields.value(part) ?? []] as const)
  for (const [part, list] of lists)
    if (!Array.isArray(list)) fields.issue(part, 'Input should be a valid list', 'list_type')
  fields.finish()
  let uploaded = 0
  for (const [part, list] of lists) {
    for (const item of list as unknown[])
      keep(call, project ?? '', part === 'turns' ? 'turn' : 'result', item)
    uploaded += (list as unknown[]).length
  }
  const body = { run_batch_id: `batch_${randomText(12)}`, quick_gate: { status: 'not_evaluated' }, uploaded }
  return { status: 201, body }
}

/** One turn of a conversation, under the Idempotency-Key `run_id:turn_id`; or, as ours, several. */
export function uploadTurns(call: Call): Answer {
  const body = call.body()
  const fields = fieldsOf('body', body)
  const project = namedProject(call, fields)
  const list = fields.value('turns')
  if (list === undefined) {
    for (const name of ['run_id', 'turn_id']) textField(fields, name, { required: true })
  } else if (!Array.isArray(list)) fields.issue('turns', 'Input should be a valid list', 'list_type')
  fields.finish()
  const turns = Array.isArray(list) ? (list as unknown[]) : [body]
  for (const turn of turns) keep(call, project ?? '', 'turn', turn)
  return { status: 201, body: { uploaded: turns.length } }
}

function keep(call: Call, project: string, kind: ResultRow['kind'], item: unknown): void {
  const sql = 'insert into results values (?, ?, ?, ?, ?)'
  call.database.run(sql, `res_${randomText(16)}`, project, kind, JSON.stringify(item), call.now)
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
