import { type Severity, severities } from '../../model/audit-rule.ts'
import type {
  PageChange,
  PageData,
  PageEvent,
  PageFinding,
  PageKey,
  PagePast,
  PageStack,
} from './page-data.ts'

/** A key with what the page says of it elsewhere. */
export interface Row {
  /** Its place among all rows, of all stacks. */
  readonly index: number
  readonly stack: PageStack
  readonly key: PageKey
  /** `stack/key`: its name in the address of the page. */
  readonly name: string
  readonly findings: readonly PageFinding[]
  /** Of those that no exception answers for; -1: none. */
  readonly worst: number
  readonly changes: readonly PageChange[]
  readonly drifted: boolean
  readonly events: readonly PageEvent[]
  readonly past: readonly PagePast[]
  /** In seconds; null: it has no secret yet. */
  readonly age: number | null
  /** Of its maximum age; null: age never rotates it. */
  readonly share: number | null
  /** Requests of the window. */
  readonly requests: number
  /** What a search looks at, in small letters. */
  readonly words: string
}

export interface FindingRow {
  readonly finding: PageFinding
  readonly stack: PageStack
  /** Null: the page does not have its key. */
  readonly row: Row | null
}

export interface EventRow {
  readonly event: PageEvent
  readonly stack: PageStack
  readonly row: Row | null
}

export interface ChangeRow {
  readonly change: PageChange
  readonly stack: PageStack
  readonly row: Row | null
}

export interface PageModel {
  readonly data: PageData
  readonly rows: readonly Row[]
  /** The worst first. */
  readonly findings: readonly FindingRow[]
  readonly events: readonly EventRow[]
  readonly changes: readonly ChangeRow[]
}

export function severityRank(severity: Severity): number {
  return severities.indexOf(severity)
}

function grouped<Item>(
  items: readonly Item[],
  indexOf: (item: Item) => number | undefined,
): ReadonlyMap<number, Item[]> {
  const groups = new Map<number, Item[]>()
  for (const item of items) {
    const index = indexOf(item)
    if (index === undefined) continue
    const group = groups.get(index)
    if (group === undefined) groups.set(index, [item])
    else group.push(item)
  }
  return groups
}

export function isDrift({ fields }: PageChange): boolean {
  return fields.some(({ drift }) => drift)
}

function wordsOf(
  stack: string,
  { key, name, description = '', owner = '', projects = [], state }: PageKey,
): string {
  return [stack, key, name, description, owner, state, ...projects].join('\n').toLowerCase()
}

function rowsOf(stack: PageStack, before: number): readonly Row[] {
  const findings = grouped(stack.findings, ({ at }) => at)
  const changes = grouped(stack.changes, ({ index }) => index)
  const events = grouped(stack.events, ({ index }) => index)
  const past = grouped(stack.past ?? [], ({ index }) => index)
  return stack.keys.map((key, index): Row => {
    const own = findings.get(index) ?? []
    const changed = changes.get(index) ?? []
    const age = key.made === undefined ? null : Math.max(0, stack.at - key.made)
    return {
      index: before + index,
      ...{ stack, key, findings: own, changes: changed, age },
      name: `${stack.stack}/${key.key}`,
      worst: Math.max(
        -1,
        ...own.filter(({ excepted }) => excepted === undefined).map(({ severity }) => severityRank(severity)),
      ),
      drifted: changed.some(isDrift),
      events: events.get(index) ?? [],
      past: past.get(index) ?? [],
      share: age === null || key.maxAge === undefined ? null : age / key.maxAge,
      requests: (key.use ?? []).reduce((sum, count) => sum + count, 0),
      words: wordsOf(stack.stack, key),
    }
  })
}

/** What a page's data means, worked out once. Pure. */
export function pageModel(data: PageData): PageModel {
  const rows: Row[] = []
  const findings: FindingRow[] = []
  const events: EventRow[] = []
  const changes: ChangeRow[] = []
  for (const stack of data.stacks) {
    const first = rows.length
    for (const row of rowsOf(stack, first)) rows.push(row)
    const rowAt = (index: number | undefined) => (index === undefined ? null : (rows[first + index] ?? null))
    for (const finding of stack.findings) findings.push({ finding, stack, row: rowAt(finding.at) })
    for (const event of stack.events) events.push({ event, stack, row: rowAt(event.index) })
    for (const change of stack.changes) changes.push({ change, stack, row: rowAt(change.index) })
  }
  const answered = ({ finding }: FindingRow) => (finding.excepted === undefined ? 0 : 1)
  findings.sort(
    (a, b) =>
      answered(a) - answered(b) || severityRank(b.finding.severity) - severityRank(a.finding.severity),
  )
  events.sort((a, b) => a.event.at - b.event.at)
  return { data, rows, findings, events, changes }
}
