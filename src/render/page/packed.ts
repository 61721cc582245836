import type { PageData, PageGeneration, PageKey, PageStack } from './page-data.ts'

/** One property of many things: each value, or where it stands among the different ones; -1: the thing does not have it. */
type Column =
  { readonly all: readonly unknown[] } | { readonly of: readonly unknown[]; readonly at: readonly number[] }

/** Many things of one shape by their properties: their names stand there once, and a value that many share, too. */
interface Table {
  readonly length: number
  readonly columns: Readonly<Record<string, Column>>
}

type PackedStack = Omit<PageStack, 'keys' | 'findings' | 'events'> & {
  /** A generation stands in a table of its own, with the number of its key. */
  readonly keys: Table
  readonly generations: Table
  readonly findings: Table
  readonly events: Table
}

export interface PackedData extends Omit<PageData, 'stacks'> {
  readonly stacks: readonly PackedStack[]
}

function columnOf(values: readonly unknown[]): Column {
  const known = new Map<string, number>()
  const of: unknown[] = []
  const at = values.map(value => {
    if (value === undefined) return -1
    const name = JSON.stringify(value)
    const before = known.get(name)
    if (before !== undefined) return before
    known.set(name, of.length)
    return of.push(value) - 1
  })
  const isRich = of.length > values.length / 2 && !values.includes(undefined) && !values.includes(null)
  return isRich ? { all: values } : { of, at }
}

function packed(rows: readonly object[]): Table {
  const known = rows.flatMap(row =>
    Object.entries(row).flatMap(([name, value]) => (value === undefined ? [] : [name])),
  )
  const names = [...new Set(known)]
  return {
    length: rows.length,
    columns: Object.fromEntries(
      names.map(name => [name, columnOf(rows.map(row => (row as Readonly<Record<string, unknown>>)[name]))]),
    ),
  }
}

function unpacked<Row>({ length, columns }: Table): Row[] {
  const rows = Array.from({ length }, (): Record<string, unknown> => ({}))
  for (const [name, column] of Object.entries(columns))
    for (const [index, row] of rows.entries()) {
      if ('all' in column) row[name] = column.all[index]
      else {
        const at = column.at[index] ?? -1
        if (at >= 0) row[name] = column.of[at]
      }
    }
  return rows as Row[]
}

/** A place in a file as two columns: most keys share the file. */
interface Flat {
  readonly file?: string
  readonly line?: number
}

function flat<Row extends { readonly position?: { readonly file: string; readonly line: number } }>({
  position,
  ...rest
}: Row): Omit<Row, 'position'> & Flat {
  return position === undefined ? rest : { ...rest, ...position }
}

function unflat<Row>({ file, line, ...rest }: Row & Flat): Row {
  const place = file === undefined || line === undefined ? {} : { position: { file, line } }
  return { ...rest, ...place } as Row
}

function packStack({ keys, findings, events, ...rest }: PageStack): PackedStack {
  return {
    ...rest,
    keys: packed(keys.map(key => flat({ ...key, generations: undefined }))),
    generations: packed(
      keys.flatMap(({ generations = [] }, owner) => generations.map(each => ({ owner, ...each }))),
    ),
    findings: packed(findings.map(flat)),
    // Its key says what it is called.
    events: packed(
      events.map(({ key, ...event }) => (keys[event.index ?? -1]?.key === key ? event : { ...event, key })),
    ),
  }
}

function unpackStack({ keys, generations, findings, events, ...rest }: PackedStack): PageStack {
  const own = new Map<number, PageGeneration[]>()
  for (const { owner, ...each } of unpacked<PageGeneration & { readonly owner: number }>(generations))
    own.set(owner, [...(own.get(owner) ?? []), each])
  const whole = unpacked<PageKey>(keys).map((key, index): PageKey => {
    const found = own.get(index)
    return { ...unflat(key), ...(found === undefined ? {} : { generations: found }) }
  })
  return {
    ...rest,
    keys: whole,
    findings: unpacked<PageStack['findings'][number]>(findings).map(unflat),
    events: unpacked<PageStack['events'][number]>(events).map(event => ({
      ...event,
      // `key` is left out where the key itself says it.
      key: (event.key as string | undefined) ?? whole[event.index ?? -1]?.key ?? '',
    })),
  }
}

/** The same data in a third of the room: 5,000 keys have to fit a page. */
export function packData(data: PageData): PackedData {
  return { ...data, stacks: data.stacks.map(packStack) }
}

export function unpackData(data: PackedData): PageData {
  return { ...data, stacks: data.stacks.map(unpackStack) }
}
