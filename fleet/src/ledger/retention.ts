import { sql } from 'kysely'
import { day, type Milliseconds } from '../../../src/model/duration.ts'
import type { Database } from '../database/connect.ts'

/** What each table says of how old a row is. Changes go with their time, so that those of a run without a row go, too. */
const old = {
  change: 'at < $before',
  run: 'started_at < $before',
  usage: "day < to_char($before at time zone 'UTC', 'YYYY-MM-DD')",
  finding: "state = 'resolved' and changed_at < $before",
  request: 'hour < $before',
} as const

const tables = Object.keys(old) as readonly (keyof typeof old)[]

/**
 * Deletes history that is older than `keep`, at most `batch` rows a statement, so that nobody waits for it. Gives how many rows. Leases,
 * budgets and stacks are not history.
 */
export async function forgetOld(
  db: Database,
  { keep, batch = 1_000 }: { readonly keep: Milliseconds; readonly batch?: number },
): Promise<number> {
  const before = `(clock_timestamp() - interval '${Math.round(keep / day)} days')`
  let forgotten = 0
  for (const table of tables) {
    const condition = old[table].replace('$before', before)
    for (let deleted = batch; deleted >= batch; forgotten += deleted) {
      const from = sql.raw(`fluxloop_keys.${table}`)
      const { numAffectedRows = 0n } = await sql`
        delete from ${from} where ctid = any (array (
          select ctid from ${from} where ${sql.raw(condition)} limit ${batch} for update skip locked))`.execute(
        db,
      )
      deleted = Number(numAffectedRows)
    }
  }
  return forgotten
}
