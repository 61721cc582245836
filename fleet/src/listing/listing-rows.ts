import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Instant, Milliseconds } from '../../../src/model/duration.ts'
import type { Database } from '../database/connect.ts'

/** A listing that is kept for all runs of a credential. */
export interface KeptListing {
  /** When it was begun, by the database's clock. */
  readonly begunAt: Instant
  /** How old its answers are now. */
  readonly age: Milliseconds
  readonly body: Buffer
}

/** The newest listing, where it was begun then or later; null: there is none. */
export async function newestListing(
  db: Database,
  credential: string,
  notBefore: Instant,
): Promise<KeptListing | null> {
  const row = await db
    .selectFrom('listing')
    .select(['begun_at', 'taken_at', 'body'])
    .select(sql<Instant>`clock_timestamp()`.as('now'))
    .where('credential', '=', credential)
    .where('begun_at', '>=', sql<Instant>`${new Date(notBefore)}`)
    .executeTakeFirst()
  if (row?.body == null || row.taken_at === null) return null
  return { begunAt: row.begun_at, age: row.now - row.taken_at, body: row.body }
}

/**
 * Takes the right to list the keys of an account, where nobody has it and nobody used it at `notBefore` or later. It ends after `time`.
 * Resolves to its holder; null: somebody else has it.
 */
export async function claimListing(
  db: Database,
  credential: string,
  notBefore: Instant,
  time: Milliseconds,
): Promise<string | null> {
  const holder = randomBytes(16).toString('hex')
  const until = sql<Date>`clock_timestamp() + ${sql.val(time)} * interval '1 millisecond'`
  const row = await db
    .insertInto('listing')
    .values({ credential, holder, until })
    .onConflict(conflict =>
      conflict
        .column('credential')
        .doUpdateSet({ begun_at: sql<Date>`clock_timestamp()`, holder, until, taken_at: null, body: null })
        .where(
          sql<boolean>`listing.until < clock_timestamp()
            or (listing.taken_at is not null and listing.begun_at < ${new Date(notBefore)})`,
        ),
    )
    .returning('holder')
    .executeTakeFirst()
  return row?.holder === holder ? holder : null
}

/** False: the right had ended, and somebody else has it. */
export async function keepListing(
  db: Database,
  credential: string,
  holder: string,
  body: Buffer,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('listing')
    .set({ taken_at: sql<Date>`clock_timestamp()`, body })
    .where('credential', '=', credential)
    .where('holder', '=', holder)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function giveUpListing(db: Database, credential: string, holder: string): Promise<void> {
  await db
    .updateTable('listing')
    .set({ until: sql<Date>`clock_timestamp()` })
    .where('credential', '=', credential)
    .where('holder', '=', holder)
    .where('taken_at', 'is', null)
    .execute()
}
