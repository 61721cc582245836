import { sql } from 'kysely'
import type { Instant, Milliseconds } from '../../../src/model/duration.ts'
import type { Database } from '../database/connect.ts'
import type { StackState } from '../database/tables.ts'
import type { FleetStack, StackMode } from '../file/fleet.ts'

/** The lease that a replica takes while it works on a stack of the fleet file, next to the lease of the stack itself. */
export function workLease(id: string): { readonly origin: string; readonly stack: string } {
  return { origin: 'fleet', stack: id }
}

/** A stack that is due. */
export interface DueStack {
  readonly id: string
  readonly priority: number
  readonly dueAt: Instant
}

/** How many rows one statement writes. */
const chunk = 200

const priorities = { high: 100, normal: 0, low: -100 } as const satisfies Record<
  FleetStack['priority'],
  number
>

function rowOf(stack: FleetStack, digest: string) {
  const { name: id, mode, priority, account } = stack
  return { id, origin: account.apiUrl, stack: '', mode, digest, priority: priorities[priority] }
}

/**
 * Makes the rows those of the fleet file: a new stack, and one whose entry changed, is due at once; one that is not in the file any more
 * is left out from now on.
 */
export async function syncStacks(
  db: Database,
  stacks: readonly FleetStack[],
  digestOf: (stack: FleetStack) => string,
): Promise<void> {
  const rows = stacks.map(stack => rowOf(stack, digestOf(stack)))
  for (let from = 0; from < rows.length; from += chunk) {
    await db
      .insertInto('stack')
      .values(rows.slice(from, from + chunk))
      .onConflict(conflict =>
        conflict.column('id').doUpdateSet({
          mode: eb => eb.ref('excluded.mode'),
          priority: eb => eb.ref('excluded.priority'),
          digest: eb => eb.ref('excluded.digest'),
          due_at: sql<Date>`case when stack.digest <> excluded.digest or stack.removed_at is not null
            then clock_timestamp() else stack.due_at end`,
          removed_at: null,
        }),
      )
      .execute()
  }
  const names = stacks.map(({ name }) => name)
  await db
    .updateTable('stack')
    .set({ removed_at: sql<Date>`clock_timestamp()` })
    .where('removed_at', 'is', null)
    .where(sql<boolean>`not (id = any(${sql.val(names)}::text[]))`)
    .execute()
}

export async function countStacks(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('stack')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}

/** What is due and nobody works on, the most urgent first. */
export async function dueStacks(db: Database, most: number): Promise<readonly DueStack[]> {
  const rows = await db
    .selectFrom('stack')
    .select(['id', 'priority', 'due_at'])
    .where('removed_at', 'is', null)
    .where('due_at', '<=', sql<Instant>`clock_timestamp()`)
    .where(
      sql<boolean>`not exists (select from fluxloop_keys.lease
        where lease.origin = 'fleet' and lease.stack = "stack"."id" and lease.until > clock_timestamp())`,
    )
    .orderBy('priority', 'desc')
    .orderBy('due_at')
    .orderBy('id')
    .limit(most)
    .execute()
  return rows.map(({ id, priority, due_at: dueAt }) => ({ id, priority, dueAt }))
}

/** What is known of a stack before it is run. */
export interface BegunStack {
  /** How long ago it became due. */
  readonly delay: Milliseconds
  readonly failures: number
  readonly state: StackState
  /** When the last run of it ended; null: it never ran. */
  readonly lastEnd: Instant | null
  /** The database's clock. */
  readonly now: Instant
}

/** Null: it is not due, or not in the fleet. */
export async function beginStack(db: Database, id: string): Promise<BegunStack | null> {
  const row = await db
    .selectFrom('stack')
    .select(['due_at', 'failures', 'state', 'last_ended_at'])
    .select(sql<Instant>`clock_timestamp()`.as('now'))
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return null
  const { due_at: dueAt, failures, state, last_ended_at: lastEnd, now } = row
  if (dueAt > now) return null
  return { delay: Math.max(0, now - dueAt), failures, state, lastEnd, now }
}

/** What a run left. */
export interface StackEnd {
  readonly dueIn: Milliseconds
  readonly state: StackState
  readonly failures: number
  readonly exitCode: number
  readonly problem: string | null
  readonly account: string | null
  readonly stack: string | null
  readonly mode: StackMode
  readonly nextEvent: string | null
  readonly nextEventAt: Instant | null
}

export async function endStack(db: Database, id: string, end: StackEnd): Promise<void> {
  const { account, stack } = end
  await db
    .updateTable('stack')
    .set({
      due_at: sql<Date>`clock_timestamp() + ${sql.val(end.dueIn)} * interval '1 millisecond'`,
      state_since: sql<Date>`case when state <> ${sql.val(end.state)} then clock_timestamp() else state_since end`,
      state: end.state,
      failures: end.failures,
      exit_code: end.exitCode,
      problem: end.problem,
      last_ended_at: sql<Date>`clock_timestamp()`,
      next_event: end.nextEvent,
      next_event_at: end.nextEventAt === null ? null : new Date(end.nextEventAt),
      ...(account === null ? {} : { account }),
      ...(stack === null ? {} : { stack }),
    })
    .where('id', '=', id)
    .execute()
}
