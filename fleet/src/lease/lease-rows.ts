import { sql } from 'kysely'
import type { Instant, Milliseconds } from '../../../src/model/duration.ts'
import type { LeaseHolder, StackTarget } from '../../../src/runtime/fleet-database.ts'
import type { Database } from '../database/connect.ts'

/** One take of a lease: a random text, so that two of the same process differ. */
export interface LeaseClaim extends StackTarget {
  readonly holder: string
  readonly command: string
  readonly host: string
  readonly user: string
}

/** Nobody's: what a lease that was released has for a holder. */
const nobody = ''

const now = sql<Instant>`clock_timestamp()`

function after(duration: Milliseconds) {
  return sql<Date>`clock_timestamp() + ${duration} * interval '1 millisecond'`
}

/**
 * Takes the lease where nobody has it; null: somebody has. The first epoch of a stack is the time in seconds, so that epochs rise even where
 * the table was lost with the last one in it. A claim that is made again, since its answer was lost, is given again.
 */
export async function insertClaim(
  db: Database,
  { origin, stack, holder, command, host, user }: LeaseClaim,
  duration: Milliseconds,
): Promise<number | null> {
  const since = sql<Date>`clock_timestamp()`
  const claim = { holder, command, host, os_user: user, since, until: after(duration) }
  const epoch = sql<number>`extract(epoch from clock_timestamp())::bigint`
  const row = await db
    .insertInto('lease')
    .values({ origin, stack, ...claim, epoch })
    .onConflict(conflict =>
      conflict
        .columns(['origin', 'stack'])
        .doUpdateSet(eb => ({
          holder: eb.ref('excluded.holder'),
          command: eb.ref('excluded.command'),
          host: eb.ref('excluded.host'),
          os_user: eb.ref('excluded.os_user'),
          since: eb.ref('excluded.since'),
          until: eb.ref('excluded.until'),
          epoch: sql<number>`lease.epoch + 1`,
        }))
        .where(eb => eb.or([eb('lease.until', '<', now), eb('lease.holder', '=', holder)])),
    )
    .returning('epoch')
    .executeTakeFirst()
  return row?.epoch ?? null
}

/** Who has it now; null: nobody any more. */
export async function readHolder(db: Database, { origin, stack }: StackTarget): Promise<LeaseHolder | null> {
  const row = await db
    .selectFrom('lease')
    .select(['command', 'host', 'os_user', 'since'])
    .where('origin', '=', origin)
    .where('stack', '=', stack)
    .where('until', '>=', now)
    .executeTakeFirst()
  if (row === undefined) return null
  const { command, host, os_user: user, since } = row
  return { command, host, user, since }
}

/** What the lease that a stack had before says about its writes. */
export interface LastLease {
  /** Null: nobody had one since there are these tables. */
  readonly epoch: number | null
  /** Until when others may have written the stack. Infinity: nobody knows. */
  readonly until: Instant
}

/** Whoever gives a lease back has the answers to all its writes. Of one that just ended, writes may come in later than it did. */
export async function readLastLease(db: Database, { origin, stack }: StackTarget): Promise<LastLease> {
  const row = await db
    .selectFrom('lease')
    .select(['epoch', 'until', 'holder'])
    .where('origin', '=', origin)
    .where('stack', '=', stack)
    .executeTakeFirst()
  if (row !== undefined)
    return { epoch: row.epoch, until: row.holder === nobody ? row.until : Number.POSITIVE_INFINITY }
  // What was before these tables is lost with those that somebody dropped.
  const { made } = await db
    .selectFrom('migration')
    .select(({ fn }) => fn.min<Instant>('expanded_at').as('made'))
    .executeTakeFirstOrThrow()
  return { epoch: null, until: made }
}

/** False: it is another's by now. */
export async function renewClaim(
  db: Database,
  { origin, stack, holder }: LeaseClaim,
  epoch: number,
  duration: Milliseconds,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('lease')
    .set({ until: after(duration) })
    .where('origin', '=', origin)
    .where('stack', '=', stack)
    .where('holder', '=', holder)
    .where('epoch', '=', epoch)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** A renewal that comes in later, slow as it was, finds another holder. */
export async function releaseClaim(
  db: Database,
  { origin, stack, holder }: LeaseClaim,
  epoch: number,
): Promise<void> {
  await db
    .updateTable('lease')
    .set({ holder: nobody, until: sql<Date>`clock_timestamp()` })
    .where('origin', '=', origin)
    .where('stack', '=', stack)
    .where('holder', '=', holder)
    .where('epoch', '=', epoch)
    .execute()
}
