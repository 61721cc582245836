import { sql } from 'kysely'
import type { Milliseconds } from '../../../src/model/duration.ts'
import type { LedgerPlace } from '../../../src/runtime/fleet-database.ts'
import type { Database } from '../database/connect.ts'
import { storable, storableJson } from './storable-text.ts'

/** A run as the fleet begins it. */
export interface BegunRun extends LedgerPlace {
  /** The same that every line of its log has. */
  readonly run: string
  readonly account: string
  readonly mode: 'plan' | 'apply'
  readonly host: string
  readonly user: string
  readonly keyId: string | null
  readonly keyName: string | null
  /** How many changes of each kind. */
  readonly plan: Readonly<Record<string, number>>
  readonly widens: boolean
  /** How long ago it began. */
  readonly age: Milliseconds
}

/** Gives the row's number. The run's own line may have come before. */
export async function beginRun(db: Database, run: BegunRun): Promise<number> {
  const { id } = await db
    .insertInto('run')
    .values({
      run: run.run,
      fleet_stack: run.fleetStack,
      origin: run.origin,
      account: storable(run.account),
      stack: run.stack,
      mode: run.mode,
      host: storable(run.host),
      os_user: storable(run.user),
      key_id: run.keyId,
      key_name: run.keyName === null ? null : storable(run.keyName),
      epoch: run.epoch,
      plan: storableJson(run.plan),
      widens: run.widens,
      started_at: sql<Date>`clock_timestamp() - ${run.age} * interval '1 millisecond'`,
    })
    .onConflict(conflict =>
      conflict.column('run').doUpdateSet(eb => ({
        widens: eb.ref('excluded.widens'),
        fleet_stack: eb.ref('excluded.fleet_stack'),
      })),
    )
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** Its exit code, and how many requests it sent. A run that has no row, since the ledger was dropped, gets none. */
export async function endRun(
  db: Database,
  run: string,
  { exitCode, requests }: { readonly exitCode: number; readonly requests: number },
): Promise<void> {
  await db
    .updateTable('run')
    .set({ ended_at: sql<Date>`clock_timestamp()`, exit_code: exitCode, requests })
    .where('run', '=', run)
    .execute()
}
