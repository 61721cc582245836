import { sql } from 'kysely'
import type { Database } from '../database/connect.ts'
import { storableJson } from './storable-text.ts'

/** What a key was used for on one day in UTC. */
export interface DayOfUsage {
  readonly liveId: string
  /** `2026-01-31` */
  readonly day: string
  readonly requests: number
  /** More that the platform says about it. */
  readonly body: unknown
}

const atOnce = 500

/** Figures of a day only grow; what is there already and greater stays. */
export async function recordUsage(
  db: Database,
  { origin, account }: { readonly origin: string; readonly account: string },
  days: readonly DayOfUsage[],
): Promise<void> {
  for (let start = 0; start < days.length; start += atOnce) {
    const rows = days.slice(start, start + atOnce).map(({ liveId, day, requests, body }) => ({
      origin,
      account,
      live_id: liveId,
      day,
      requests,
      body: body === undefined || body === null ? null : storableJson(body),
    }))
    await db
      .insertInto('usage')
      .values(rows)
      .onConflict(conflict =>
        conflict.columns(['origin', 'account', 'live_id', 'day']).doUpdateSet(eb => ({
          requests: sql<number>`greatest(usage.requests, excluded.requests)`,
          body: sql<string>`case when excluded.requests >= usage.requests then excluded.body else usage.body end`,
          seen_at: eb.ref('excluded.seen_at'),
        })),
      )
      .execute()
  }
}

/** From `since` on, `2026-01-31`; sorted by key and day. */
export async function readUsage(
  db: Database,
  { origin, account, since }: { readonly origin: string; readonly account: string; readonly since: string },
): Promise<readonly DayOfUsage[]> {
  return db
    .selectFrom('usage')
    .select(['live_id as liveId', 'day', 'requests', 'body'])
    .where('origin', '=', origin)
    .where('account', '=', account)
    .where('day', '>=', since)
    .orderBy('live_id')
    .orderBy('day')
    .execute()
}
