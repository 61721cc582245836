import { setTimeout as wait } from 'node:timers/promises'
import { sql, type Transaction } from 'kysely'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import type { Failure } from '../../../src/model/failure.ts'
import { type Connection, type Database, schema } from './connect.ts'
import { codeOf, databaseFailure, isPassing } from './failures.ts'
import type { Migration } from './migration.ts'
import { migrations } from './migrations.ts'
import { migrateQueues, queueSchema, queuesAreDue } from './queues.ts'
import { grantRights } from './rights.ts'
import type { Tables } from './tables.ts'

/** Of its name, and for nothing else. A lock of a transaction, since a pooler shares sessions. */
const lock = sql`select pg_advisory_xact_lock(hashtextextended('fluxloop_keys migrate', 0))`

const history = `
create table if not exists fluxloop_keys.migration (
  version integer primary key,
  name text not null,
  expanded_at timestamptz not null default clock_timestamp(),
  contracted_at timestamptz
)`

export interface MigrationStep {
  readonly name: string
  readonly part: 'expand' | 'contract'
}

export interface MigrateOptions {
  /** Also take away what older versions use: once no replica of them is left. */
  readonly contract?: boolean
  /** How long a step waits for a lock, and everybody else for the step. */
  readonly lockTimeout?: Milliseconds
  /** How often a step is tried that gets no lock, or no connection. */
  readonly attempts?: number
  readonly pause?: Milliseconds
  readonly onStep?: (step: MigrationStep) => void
  /** Called before a step is tried again. */
  readonly onRetry?: (step: MigrationStep, why: Failure) => void
  /** At most this many rows at a time. */
  readonly batch?: number
  /** For tests: an older or newer version than this one. */
  readonly known?: readonly Migration[]
}

interface Applied {
  readonly version: number
  readonly contracted: boolean
}

/** Asks the catalog by a query: `to_regclass` may answer out of a cache that does not know what was made while we waited for a lock. */
async function has(db: Database | Transaction<Tables>, table: string | null): Promise<boolean> {
  const { rows } = await sql<{ has: boolean }>`
    select exists (select from pg_namespace n left join pg_class c on c.relnamespace = n.oid
      where n.nspname = ${schema} and (${table}::text is null or c.relname = ${table})) as has`.execute(db)
  return rows[0]?.has === true
}

async function appliedIn(db: Database | Transaction<Tables>): Promise<readonly Applied[]> {
  if (!(await has(db, 'migration'))) return []
  const applied = await db.selectFrom('migration').select(['version', 'contracted_at']).execute()
  return applied.map(({ version, contracted_at: at }) => ({ version, contracted: at !== null }))
}

function dueIn(
  applied: readonly Applied[],
  { known = migrations, contract = false }: MigrateOptions,
): readonly { readonly migration: Migration; readonly part: MigrationStep['part'] }[] {
  const rowOf = (version: number) => applied.find(one => one.version === version)
  return [
    ...known
      .filter(({ version }) => rowOf(version) === undefined)
      .map(migration => ({ migration, part: 'expand' as const })),
    ...known
      .filter(
        migration =>
          contract && migration.contract !== undefined && rowOf(migration.version)?.contracted !== true,
      )
      .map(migration => ({ migration, part: 'contract' as const })),
  ]
}

/** What `migrate` would do. Changes nothing. */
export async function planMigration(
  connection: Connection,
  options: MigrateOptions = {},
): Promise<readonly MigrationStep[]> {
  return connection.guard(async () => {
    const due = dueIn(await appliedIn(connection.db), options)
    const steps = due.map(({ migration, part }) => ({ name: migration.name, part }))
    return (await queuesAreDue(connection))
      ? [...steps, { name: queueSchema, part: 'expand' as const }]
      : steps
  })
}

async function locked<Result>(
  { db }: Connection,
  lockTimeout: Milliseconds,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async transaction => {
    await sql`set local lock_timeout = ${sql.lit(`${lockTimeout}ms`)}`.execute(transaction)
    await lock.execute(transaction)
    return work(transaction)
  })
}

/** The right to make schemas is not needed where somebody who has it made them before. */
async function begin(transaction: Transaction<Tables>): Promise<void> {
  if (!(await has(transaction, null))) await sql`create schema ${sql.id(schema)}`.execute(transaction)
  await sql.raw(history).execute(transaction)
}

async function expand(connection: Connection, migration: Migration, options: MigrateOptions): Promise<void> {
  const { lockTimeout = second, batch = 1_000 } = options
  const { version, name } = migration
  // Somebody else may have applied it in the meantime.
  const isDue = await locked(connection, lockTimeout, async transaction => {
    await begin(transaction)
    if ((await appliedIn(transaction)).some(one => one.version === version)) return false
    await migration.expand(transaction)
    return true
  })
  if (!isDue) return
  while ((await locked(connection, lockTimeout, async t => migration.backfill?.(t, batch))) === true);
  // Last: who waits for this version may then rely on every row.
  await connection.db
    .insertInto('migration')
    .values({ version, name })
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

async function contract(
  connection: Connection,
  migration: Migration,
  options: MigrateOptions,
): Promise<void> {
  await locked(connection, options.lockTimeout ?? second, async transaction => {
    const { version } = migration
    const own = (await appliedIn(transaction)).find(one => one.version === version)
    if (own?.contracted !== false) return
    await migration.contract?.(transaction)
    await transaction
      .updateTable('migration')
      .set({ contracted_at: sql`clock_timestamp()` })
      .where('version', '=', version)
      .execute()
  })
}

/** Somebody else made it at the same moment: so pg-boss ends where two create its tables. */
function isRace(error: unknown): boolean {
  return ['23505', '42P06', '42P07', '42710'].includes(codeOf(error))
}

async function retried(
  connection: Connection,
  step: MigrationStep,
  { attempts = 60, pause = second, onRetry, onStep }: MigrateOptions,
  work: () => Promise<void>,
): Promise<MigrationStep> {
  onStep?.(step)
  for (let left = attempts - 1; ; left -= 1) {
    try {
      await work()
      return step
    } catch (error) {
      const failure = databaseFailure(connection.place, error)
      if (left <= 0 || !(isPassing(error) || isRace(error))) throw failure
      onRetry?.(step, failure)
    }
    await wait(pause)
  }
}

/**
 * Brings the tables to the newest version while replicas of the version before are at work, and the queues with them. Every step is
 * a transaction that gives up soon where it gets no lock, and is tried again. Several may run at once. Throws a Failure.
 */
export async function migrate(
  connection: Connection,
  options: MigrateOptions = {},
): Promise<readonly MigrationStep[]> {
  const done: MigrationStep[] = []
  for (const { migration, part } of dueIn(await connection.guard(() => appliedIn(connection.db)), options)) {
    const step = { name: migration.name, part }
    const apply = part === 'expand' ? expand : contract
    done.push(await retried(connection, step, options, () => apply(connection, migration, options)))
  }
  if (await connection.guard(() => queuesAreDue(connection))) {
    const step = { name: queueSchema, part: 'expand' as const }
    done.push(await retried(connection, step, options, () => migrateQueues(connection)))
  }
  // Not a step: nobody notices where nothing is to be granted.
  const rights = { name: 'rights', part: 'expand' } as const
  await retried(connection, rights, { ...options, onStep: () => undefined }, () =>
    locked(connection, options.lockTimeout ?? second, grantRights),
  )
  return done
}
