import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { deflate, inflate } from 'node:zlib'
import { sql } from 'kysely'
import type { Instant, Milliseconds } from '../../../src/model/duration.ts'
import type { Database } from '../database/connect.ts'

export type Listing =
  /** One that was begun late enough; `age`: since it was answered. */
  | { readonly kind: 'there'; readonly body: string; readonly begunAt: Instant; readonly age: Milliseconds }
  /** It is for the caller to list, and to store under that right. */
  | { readonly kind: 'yours'; readonly right: string }
  /** Somebody is at it, for at most that long. */
  | { readonly kind: 'busy'; readonly retryIn: Milliseconds }

/** Of 100,000 keys some 100 MB: more is not a listing. */
const largest = 500_000_000

/** Asks for the keys of a credential as they were no longer than `age` ago; where nobody has them, one caller gets the right to list. */
export async function askForListing(
  db: Database,
  credential: string,
  { age, hold }: { readonly age: Milliseconds; readonly hold: Milliseconds },
): Promise<Listing> {
  const right = randomBytes(16).toString('hex')
  const { rows: taken } = await sql`
    insert into fluxloop_keys.listing as held (credential, holder, until)
      values (${credential}, ${right}, clock_timestamp() + ${hold}::float8 * interval '1 millisecond')
    on conflict (credential) do update set
      holder = excluded.holder, until = excluded.until, begun_at = clock_timestamp(), taken_at = null, body = null
    where held.until < clock_timestamp()
      and (held.body is null or held.begun_at < clock_timestamp() - ${age}::float8 * interval '1 millisecond')
    returning 1`.execute(db)
  if (taken.length > 0) return { kind: 'yours', right }
  const { rows } = await sql<{ begunAt: Instant; body: Buffer | null; age: number; retryIn: number }>`
    select begun_at as "begunAt", body,
      coalesce(extract(epoch from clock_timestamp() - taken_at) * 1000, 0)::float8 as age, greatest(1, ceil(extract(epoch from until - clock_timestamp()) * 1000))::float8 as "retryIn"
    from fluxloop_keys.listing where credential = ${credential}`.execute(db)
  const [row] = rows
  if (row === undefined) return { kind: 'busy', retryIn: 1 }
  if (row.body === null) return { kind: 'busy', retryIn: row.retryIn }
  const body = await promisify(inflate)(row.body, { maxOutputLength: largest })
  return { kind: 'there', body: body.toString('utf8'), begunAt: row.begunAt, age: row.age }
}

/** Keeps the right to list while that takes its time. */
export async function keepListing(
  db: Database,
  credential: string,
  right: string,
  hold: Milliseconds,
): Promise<void> {
  await sql`
    update fluxloop_keys.listing set until = clock_timestamp() + ${hold}::float8 * interval '1 millisecond'
    where credential = ${credential} and holder = ${right} and body is null`.execute(db)
}

/** Stores what was listed; false: the right to list is another's by now. It must hold no secret. */
export async function storeListing(
  db: Database,
  credential: string,
  right: string,
  body: string,
): Promise<boolean> {
  const deflated = await promisify(deflate)(body)
  const { rows } = await sql`
    update fluxloop_keys.listing set body = ${deflated}, taken_at = clock_timestamp(), until = clock_timestamp()
    where credential = ${credential} and holder = ${right} and body is null
    returning 1`.execute(db)
  return rows.length > 0
}

/** Gives the right to list back where it came to nothing, so that another may try at once. */
export async function giveUpListing(db: Database, credential: string, right: string): Promise<void> {
  await sql`
    update fluxloop_keys.listing set until = clock_timestamp()
    where credential = ${credential} and holder = ${right} and body is null`.execute(db)
}
