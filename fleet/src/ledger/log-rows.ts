import { type Insertable, sql } from 'kysely'
import type { ChangeLine, LogLine, RunLine } from '../../../src/model/log.ts'
import type { LedgerPlace } from '../../../src/runtime/fleet-database.ts'
import type { Database } from '../database/connect.ts'
import { storable, storableJson } from './storable-text.ts'
import type { ChangeTable, RunTable } from '../database/tables.ts'

/** A line on its way into the history, with its number among the changes of its run. */
export interface PlacedLine {
  readonly place: LedgerPlace
  readonly line: LogLine
  readonly ordinal: number
}

function runRow({ origin, fleetStack, epoch }: LedgerPlace, line: RunLine): Insertable<RunTable> {
  return {
    run: line.run,
    fleet_stack: fleetStack,
    origin,
    account: storable(line.by.account),
    stack: line.stack,
    mode: 'apply',
    host: storable(line.by.host),
    os_user: storable(line.by.user),
    key_id: line.by.key_id,
    key_name: line.by.key === null ? null : storable(line.by.key),
    epoch,
    started_at: new Date(line.at),
    plan: storableJson(line.plan),
    line: storableJson(line),
  }
}

function changeRow(line: ChangeLine, ordinal: number): Insertable<ChangeTable> {
  const { run, at, key, id, action, outcome } = line
  return {
    run,
    ordinal,
    at: new Date(at),
    key: storable(key),
    live_id: id === null ? null : storable(id),
    action,
    status: outcome.status,
    body: storableJson(line),
  }
}

/**
 * Writes lines; one that is there already stays as it is, so that a statement whose answer was lost may be sent again. A run may have
 * a row already, without a line: it gets it.
 */
export async function insertLines(db: Database, placed: readonly PlacedLine[]): Promise<void> {
  const runs = placed.flatMap(({ place, line }) => (line.event === 'run' ? [runRow(place, line)] : []))
  const changes = placed.flatMap(({ line, ordinal }) =>
    line.event === 'change' ? [changeRow(line, ordinal)] : [],
  )
  if (runs.length > 0) {
    await db
      .insertInto('run')
      .values(runs)
      .onConflict(conflict =>
        conflict
          .column('run')
          .doUpdateSet(eb => ({ line: eb.ref('excluded.line'), plan: eb.ref('excluded.plan') }))
          .where('run.line', 'is', null),
      )
      .execute()
  }
  if (changes.length > 0) {
    await db
      .insertInto('change')
      .values(changes)
      .onConflict(conflict => conflict.doNothing())
      .execute()
  }
}

const page = 500

/** The lines of runs, oldest run first, each run's in the order in which they were written. */
export async function readLines(
  db: Database,
  {
    origin,
    stack,
    since,
  }: {
    readonly origin: string | null
    readonly stack: string | null
    readonly since: number | null
  },
): Promise<readonly LogLine[]> {
  const lines: LogLine[] = []
  let after: { readonly at: string; readonly id: number } | null = null
  for (;;) {
    const runs: readonly { id: number; run: string; at: string; line: unknown }[] = await db
      .selectFrom('run')
      // Times that are compared again stay text: a number of milliseconds has lost what PostgreSQL keeps.
      .select(['id', 'run', 'line', sql<string>`started_at::text`.as('at')])
      .where('line', 'is not', null)
      .$if(origin !== null, query => query.where('origin', '=', origin))
      .$if(stack !== null, query => query.where('stack', '=', stack))
      .$if(since !== null, query => query.where(sql<boolean>`started_at >= ${new Date(since ?? 0)}`))
      .$if(after !== null, query =>
        query.where(sql<boolean>`(started_at, id) > (${after?.at}::timestamptz, ${after?.id})`),
      )
      .orderBy('started_at')
      .orderBy('id')
      .limit(page)
      .execute()
    const changes = await changesOf(
      db,
      runs.map(({ run }) => run),
    )
    for (const { run, line } of runs) lines.push(line as LogLine, ...(changes.get(run) ?? []))
    const last = runs.at(-1)
    if (last === undefined || runs.length < page) return lines
    after = last
  }
}

async function changesOf(
  db: Database,
  runs: readonly string[],
): Promise<ReadonlyMap<string, readonly LogLine[]>> {
  const changes = new Map<string, LogLine[]>()
  if (runs.length === 0) return changes
  const rows = await db
    .selectFrom('change')
    .select(['run', 'body'])
    .where('run', 'in', runs)
    .orderBy('run')
    .orderBy('ordinal')
    .execute()
  for (const { run, body } of rows) {
    const lines = changes.get(run) ?? []
    lines.push(body as LogLine)
    changes.set(run, lines)
  }
  return changes
}
