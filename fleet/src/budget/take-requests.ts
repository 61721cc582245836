import { type RawBuilder, sql } from 'kysely'
import { type Instant, type Milliseconds, second } from '../../../src/model/duration.ts'
import { platformLimit } from '../../../src/model/budget.ts'
import type { RateLimit } from '../../../src/platform/rate-limit.ts'
import type { Database } from '../database/connect.ts'
import { type Lane, reserves } from './lanes.ts'

export type Taken = { readonly taken: true } | { readonly taken: false; readonly retryIn: Milliseconds }

/** What a credential has before the platform says anything. */
export interface BudgetSize {
  readonly requests: number
  readonly window: Milliseconds
}

/** Read once a statement. Where it waits for a row in between, it is in the past by then: nothing is counted twice. */
const clock = sql`(select clock_timestamp() as at) as clock`

/**
 * What is there now. Where the platform never said when its window ends, it fills evenly; where it did, all at once at that end.
 */
const filled: RawBuilder<number> = sql`
  (case when budget.resets_at is null then
    least(budget.capacity, budget.tokens
      + greatest(0, extract(epoch from clock.at - budget.refilled_at)) * budget.capacity / budget.per_seconds)
  when clock.at >= budget.resets_at then budget.capacity
  else budget.tokens end)`

async function ensureRow(db: Database, credential: string, { requests, window }: BudgetSize): Promise<void> {
  await db
    .insertInto('budget')
    .values({ credential, tokens: requests, capacity: requests, per_seconds: window / second })
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

/** Milliseconds until as much is there; 0: it is. Null: the credential has no row yet. */
async function timeUntil(
  db: Database,
  credential: string,
  needed: RawBuilder<number>,
): Promise<Milliseconds | null> {
  const { rows } = await sql<{ seconds: number }>`
    select (case when ${filled} >= ${needed} then 0
      when budget.resets_at is null then (${needed} - ${filled}) * budget.per_seconds / budget.capacity
      else greatest(0.001, extract(epoch from budget.resets_at - clock.at)) end)::float8 as seconds
    from fluxloop_keys.budget, ${clock} where budget.credential = ${credential}`.execute(db)
  const [row] = rows
  return row === undefined ? null : Math.ceil(row.seconds * second)
}

/**
 * Takes that many requests of a credential, all or none, and counts them. A lane leaves to more urgent ones what is theirs; more than a
 * full budget lets through are taken from a full one, which then owes them.
 */
export async function takeRequests(
  db: Database,
  credential: string,
  requests: number,
  lane: Lane,
  size: BudgetSize = platformLimit,
): Promise<Taken> {
  const reserve = sql<number>`budget.capacity * ${reserves[lane]}::float8`
  for (;;) {
    const { rows } = await sql`
      with taken as (
        update fluxloop_keys.budget set
          tokens = ${filled} - ${requests}::float8,
          refilled_at = greatest(budget.refilled_at, clock.at),
          resets_at = case when clock.at >= budget.resets_at
            then clock.at + budget.per_seconds * interval '1 second' else budget.resets_at end,
          updated_at = clock.at
        from ${clock}
        where budget.credential = ${credential}
          and (${filled} - ${requests}::float8 >= ${reserve} or ${filled} >= budget.capacity)
        returning budget.credential
      )
      insert into fluxloop_keys.request as counted (credential, hour, lane, count)
        select credential, date_trunc('hour', clock_timestamp(), 'UTC'), ${lane}, ${requests}::bigint from taken
      on conflict (credential, hour, lane) do update set count = counted.count + excluded.count
      returning 1`.execute(db)
    if (rows.length > 0) return { taken: true }
    const needed = sql<number>`least(budget.capacity, ${reserve} + ${requests}::float8)`
    const retryIn = await timeUntil(db, credential, needed)
    if (retryIn === null) await ensureRow(db, credential, size)
    // Somebody made the row, or gave requests back, since they could not be taken.
    else if (retryIn > 0) return { taken: false, retryIn }
  }
}

/** Gives back what was taken and not used. */
export async function giveBackRequests(
  db: Database,
  credential: string,
  requests: number,
  lane: Lane,
): Promise<void> {
  await sql`
    with back as (
      update fluxloop_keys.budget set tokens = least(capacity, tokens + ${requests}::float8)
      where credential = ${credential} returning credential
    )
    update fluxloop_keys.request as counted set count = greatest(0, counted.count - ${requests}::bigint)
    from back where counted.credential = back.credential and counted.lane = ${lane}
      and counted.hour = date_trunc('hour', clock_timestamp(), 'UTC')`.execute(db)
}

/**
 * Takes over what an answer says is left. Answers overtake each other, so it only ever lowers what is there, but for those of a later
 * window; those of a window that ended say nothing any more.
 */
export async function correctBudget(
  db: Database,
  credential: string,
  { limit, remaining, resetIn }: RateLimit,
  size: BudgetSize = platformLimit,
): Promise<void> {
  await ensureRow(db, credential, size)
  const resetsAt = sql`(clock.at + ${resetIn}::float8 * interval '1 millisecond')`
  const tolerance = sql`(greatest(2, budget.per_seconds / 100) * interval '1 second')`
  const later = sql`(clock.at < budget.resets_at and ${resetsAt} > budget.resets_at + ${tolerance})`
  await sql`
    update fluxloop_keys.budget set
      capacity = ${limit}::float8,
      tokens = case when ${later} then ${remaining}::float8 else least(${filled}, ${remaining}::float8) end,
      refilled_at = greatest(budget.refilled_at, clock.at),
      resets_at = ${resetsAt},
      updated_at = clock.at
    from ${clock}
    where budget.credential = ${credential}
      and not (budget.resets_at is not null and budget.resets_at > clock.at + ${tolerance}
        and ${resetsAt} <= clock.at + ${tolerance})`.execute(db)
}

export interface BudgetState {
  readonly credential: string
  readonly remaining: number
  readonly limit: number
  /** Null: it fills evenly. */
  readonly resetsAt: Instant | null
}

/** What all credentials have left, sorted. */
export async function readBudgets(db: Database): Promise<readonly BudgetState[]> {
  const { rows } = await sql<BudgetState>`
    select budget.credential, floor(greatest(0, ${filled}))::float8 as remaining, budget.capacity as limit,
      case when clock.at < budget.resets_at then budget.resets_at end as "resetsAt"
    from fluxloop_keys.budget, ${clock} order by budget.credential`.execute(db)
  return rows
}

/** Requests by credential and lane since then; sorted. */
export async function countRequests(
  db: Database,
  since: Instant,
): Promise<readonly { readonly credential: string; readonly lane: string; readonly requests: number }[]> {
  return db
    .selectFrom('request')
    .select(['credential', 'lane', sql<number>`sum(count)::float8`.as('requests')])
    .where(sql<boolean>`hour >= ${new Date(since)}`)
    .groupBy(['credential', 'lane'])
    .orderBy('credential')
    .orderBy('lane')
    .execute()
}
