import type { ChangeRow, EventRow, FindingRow, PageModel, Row } from './page-model.ts'
import { severityRank } from './page-model.ts'
import { type Severity, severities } from '../../model/audit-rule.ts'
import { type Only, type SortKey, type ViewState, everyProject, nobody } from './view-state.ts'

/** What of a page fits its filters, each list in its order. */
export interface Selection {
  readonly rows: readonly Row[]
  readonly findings: readonly FindingRow[]
  readonly events: readonly EventRow[]
  readonly changes: readonly ChangeRow[]
}

const fitsOnly: Readonly<Record<Only, (row: Row) => boolean>> = {
  findings: ({ worst }) => worst >= 0,
  drift: ({ drifted }) => drifted,
  changes: ({ changes }) => changes.some(({ action }) => action !== 'deferred' && action !== 'retiring'),
  unmanaged: ({ key }) => key.undeclared === true,
  ownerless: ({ key }) => key.undeclared !== true && key.owner === undefined,
  old: ({ share }) => share !== null && share >= 1,
  unused: ({ key }) => Object.values(key.permissions).includes('n'),
}

function isOnly(text: string): text is Only {
  return Object.hasOwn(fitsOnly, text)
}

/** At a severity or above; an unknown word does not limit. */
function atLeast(limit: string): number {
  return severities.findIndex(severity => severity === limit)
}

type FitsRow = (row: Row) => boolean

function rowFilter({ filters }: ViewState): FitsRow {
  const { q, stack, severity, rule, owner, project, environment, state, only } = filters
  const words = q.toLowerCase().split(/\s+/).filter(Boolean)
  const tests: FitsRow[] = []
  if (words.length > 0) tests.push(row => words.every(word => row.words.includes(word)))
  if (stack !== '') tests.push(row => row.stack.stack === stack)
  if (environment !== '') tests.push(({ key }) => (key.environment ?? nobody) === environment)
  if (state !== '') tests.push(({ key }) => key.state === state)
  if (owner !== '') tests.push(({ key }) => (key.owner ?? nobody) === owner)
  if (project !== '')
    tests.push(({ key: { projects } }) =>
      projects === undefined ? project === everyProject : projects.includes(project),
    )
  if (severity !== '') tests.push(({ worst }) => worst >= Math.max(0, atLeast(severity)))
  if (rule !== '') tests.push(({ findings }) => findings.some(each => each.rule === rule))
  if (isOnly(only)) tests.push(fitsOnly[only])
  return row => tests.every(test => test(row))
}

/** What a row is sorted by; null: nothing, which comes last in both directions. */
type Value = number | string | null

const valueOf: Readonly<Record<SortKey, (row: Row) => Value>> = {
  worst: ({ worst }) => worst,
  key: ({ name }) => name,
  owner: ({ key }) => key.owner ?? null,
  environment: ({ key }) => key.environment ?? null,
  state: ({ key }) => key.state,
  age: ({ share, age }) => share ?? (age === null ? null : -1 / (1 + age)),
  ends: ({ key }) => key.ends ?? null,
  use: ({ key: { lastUse } }) => (typeof lastUse === 'number' ? lastUse : null),
  next: ({ events: [first] }) => first?.at ?? null,
}

function compare(a: Value, b: Value, sign: number): number {
  if (a === b) return 0
  if (a === null) return 1
  if (b === null) return -1
  return (a < b ? -1 : 1) * sign
}

function sorted(rows: readonly Row[], { sort, descending }: ViewState): readonly Row[] {
  const value = valueOf[sort]
  const sign = descending ? -1 : 1
  return rows
    .map(row => ({ row, value: value(row) }))
    .sort((a, b) => compare(a.value, b.value, sign) || a.row.index - b.row.index)
    .map(({ row }) => row)
}

/** What else is filtered goes by its key; what has none is shown as long as nothing asks for a key's own fields. */
function withoutKey({ filters }: ViewState): (label: string, stack: string) => boolean {
  const { q, stack, severity, rule, owner, project, environment, state, only } = filters
  const asksOfKeys = [owner, project, environment, state, only, severity, rule].some(text => text !== '')
  const words = q.toLowerCase().split(/\s+/).filter(Boolean)
  return (label, own) =>
    !asksOfKeys && (stack === '' || own === stack) && words.every(word => label.toLowerCase().includes(word))
}

/** Pure, and the only place that says what a filter lets through. */
export function select(model: PageModel, state: ViewState): Selection {
  const fits = rowFilter(state)
  const rows = model.rows.filter(fits)
  const shown = new Set(rows)
  const alone = withoutKey(state)
  const isShown = ({ row, stack }: FindingRow | EventRow | ChangeRow, label: string) =>
    row === null ? alone(label, stack.stack) : shown.has(row)
  const { severity, rule } = state.filters
  const limit = severity === '' ? -1 : Math.max(0, atLeast(severity))
  const fitsFinding = (own: string, at: Severity) =>
    (rule === '' || own === rule) && severityRank(at) >= limit
  return {
    rows: sorted(rows, state),
    findings: model.findings.filter(
      each => isShown(each, each.finding.key) && fitsFinding(each.finding.rule, each.finding.severity),
    ),
    events: model.events.filter(each => isShown(each, each.event.key)),
    changes: model.changes.filter(each => isShown(each, each.change.key)),
  }
}
