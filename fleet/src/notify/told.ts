import { sql } from 'kysely'
import type { Instant, Milliseconds } from '../../../src/model/duration.ts'
import type { Database } from '../database/connect.ts'

/** One thing that one channel has notices about, as it is now. */
export interface Told {
  readonly subject: string
  readonly state: string
  /** How often a notice is sent in this state: the steps before the end of a key. */
  readonly step: number
}

/**
 * What the table `notice` says of a subject. `toldStep` is 0 and `toldAt` null: nobody was told about the state. `toldStep` is below what is
 * to be told and `toldAt` ahead: some replica is telling it now, and has until then.
 */
export interface ToldBefore {
  readonly state: string
  readonly toldStep: number
  readonly toldAt: Instant | null
}

/** The right to tell, for as long as it lasts. */
export interface Claim extends Told {
  /** Since when the subject is in this state. */
  readonly since: Instant
  readonly until: Instant
}

export async function readTold(
  db: Database,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, ToldBefore>> {
  if (subjects.length === 0) return new Map()
  const { rows } = await sql<{ subject: string; state: string; told_step: number; told_at: Instant | null }>`
    select subject, state, told_step, told_at from fluxloop_keys.notice
    where subject = any(${[...subjects]}::text[])`.execute(db)
  return new Map(
    rows.map(({ subject, state, told_step, told_at }) => [
      subject,
      { state, toldStep: told_step, toldAt: told_at },
    ]),
  )
}

/** To the millisecond: by this time a claim is known again. */
function claimedUntil(patience: Milliseconds) {
  return sql`date_trunc('milliseconds', clock_timestamp() + ${patience} * interval '1 millisecond')`
}

/** Takes the right to tell; null where somebody told it, or is about to. One statement, so that of several replicas one gets it. */
export async function claimTelling(
  db: Database,
  { subject, state, step }: Told,
  patience: Milliseconds,
): Promise<Claim | null> {
  const { rows } = await sql<{ since: Instant; told_at: Instant }>`
    insert into fluxloop_keys.notice as known (subject, state, since, told_at, told_step)
    values (${subject}, ${state}, clock_timestamp(), ${claimedUntil(patience)}, 0)
    on conflict (subject) do update set
      state = excluded.state,
      since = case when known.state = excluded.state then known.since else excluded.since end,
      told_step = case when known.state = excluded.state then known.told_step else 0 end,
      told_at = excluded.told_at
    where known.state <> excluded.state
      or (known.told_step < ${step} and (known.told_at is null or known.told_at < clock_timestamp()))
    returning since, told_at`.execute(db)
  const [row] = rows
  return row === undefined ? null : { subject, state, step, since: row.since, until: row.told_at }
}

/** The same for a second try: only where nobody has found another state meanwhile. */
export async function claimAgain(
  db: Database,
  { subject, state, step }: Told,
  patience: Milliseconds,
): Promise<Claim | null> {
  const { rows } = await sql<{ since: Instant; told_at: Instant }>`
    update fluxloop_keys.notice set told_at = ${claimedUntil(patience)}
    where subject = ${subject} and state = ${state} and told_step < ${step}
      and (told_at is null or told_at < clock_timestamp())
    returning since, told_at`.execute(db)
  const [row] = rows
  return row === undefined ? null : { subject, state, step, since: row.since, until: row.told_at }
}

/** It was told. Nothing happens where the subject has got into another state, or another replica has the claim. */
export async function confirmTold(db: Database, { subject, state, step, until }: Claim): Promise<void> {
  await sql`
    update fluxloop_keys.notice set told_step = ${step}, told_at = clock_timestamp()
    where subject = ${subject} and state = ${state} and told_at = ${new Date(until)}`.execute(db)
}

/** It could not be told: anybody may try again. */
export async function releaseClaim(db: Database, { subject, state, until }: Claim): Promise<void> {
  await sql`
    update fluxloop_keys.notice set told_at = null
    where subject = ${subject} and state = ${state} and told_at = ${new Date(until)}`.execute(db)
}

async function note(db: Database, { subject, state }: Told, step: number, isTold: boolean): Promise<void> {
  const at = isTold ? sql`clock_timestamp()` : sql`null::timestamptz`
  await sql`
    insert into fluxloop_keys.notice as known (subject, state, since, told_at, told_step)
    values (${subject}, ${state}, clock_timestamp(), ${at}, ${step})
    on conflict (subject) do update set
      state = excluded.state, since = excluded.since, told_step = excluded.told_step, told_at = excluded.told_at
    where known.state <> excluded.state`.execute(db)
}

/** Notes a state that needs no notice. */
export async function noteQuietly(db: Database, told: Told): Promise<void> {
  await note(db, told, told.step, true)
}

/** Notes a state that is to be told later. */
export async function noteUntold(db: Database, told: Told): Promise<void> {
  await note(db, told, 0, false)
}

/** Forgets what has not changed for that long. What still holds is told once more. */
export async function forgetTold(db: Database, age: Milliseconds): Promise<void> {
  await sql`
    delete from fluxloop_keys.notice
    where greatest(since, told_at) < clock_timestamp() - ${age} * interval '1 millisecond'`.execute(db)
}
