import { type Insertable, sql, type Transaction } from 'kysely'
import type { Database } from '../database/connect.ts'
import type { FindingState, FindingTable, Tables } from '../database/tables.ts'
import { type FindingChange, nextState, type SeenFinding } from './finding-states.ts'
import { storable } from './storable-text.ts'

export interface FindingPlace {
  readonly origin: string
  readonly account: string
  readonly stack: string
}

type Row = SeenFinding & { readonly state: FindingState }

async function rowsOf(
  transaction: Transaction<Tables>,
  { origin, account, stack }: FindingPlace,
): Promise<readonly Row[]> {
  const rows = await transaction
    .selectFrom('finding')
    .select(['fingerprint', 'rule', 'severity', 'key_id', 'live_id', 'message', 'state'])
    .where('origin', '=', origin)
    .where('account', '=', account)
    .where('stack', '=', stack)
    .forUpdate()
    .execute()
  return rows.map(({ key_id: keyId, live_id: liveId, ...row }) => ({
    ...row,
    keyId,
    liveId,
    suppressed: false,
  }))
}

const atOnce = 500

/**
 * Records all findings of one look at a stack: those that it does not have any more are resolved. Gives those that changed their
 * state, in the order of their fingerprints.
 */
export async function recordFindings(
  db: Database,
  place: FindingPlace,
  seen: readonly SeenFinding[],
): Promise<readonly FindingChange[]> {
  return db.transaction().execute(async transaction => {
    const before = new Map((await rowsOf(transaction, place)).map(row => [row.fingerprint, row]))
    const now = new Map(seen.map(one => [one.fingerprint, one]))
    const changes: FindingChange[] = []
    const rows: Insertable<FindingTable>[] = []
    // In one order, so that two looks at the same time do not wait for each other.
    for (const fingerprint of [...new Set([...before.keys(), ...now.keys()])].sort()) {
      const [old, found] = [before.get(fingerprint), now.get(fingerprint)]
      const known = found ?? old
      const to = nextState(old?.state ?? null, found ?? null)
      if (known === undefined || to === null || (found === undefined && old?.state === to)) continue
      const { rule, severity, keyId, liveId } = known
      const message = storable(known.message)
      if (old?.state !== to)
        changes.push({ fingerprint, rule, severity, keyId, liveId, message, from: old?.state ?? null, to })
      rows.push({ ...place, fingerprint, rule, severity, key_id: keyId, live_id: liveId, message, state: to })
    }
    for (let start = 0; start < rows.length; start += atOnce)
      await upsert(transaction, rows.slice(start, start + atOnce))
    return changes
  })
}

async function upsert(
  transaction: Transaction<Tables>,
  rows: readonly Insertable<FindingTable>[],
): Promise<void> {
  await transaction
    .insertInto('finding')
    .values(rows)
    .onConflict(conflict =>
      conflict.columns(['origin', 'account', 'stack', 'fingerprint']).doUpdateSet(eb => ({
        rule: eb.ref('excluded.rule'),
        severity: eb.ref('excluded.severity'),
        key_id: eb.ref('excluded.key_id'),
        live_id: eb.ref('excluded.live_id'),
        message: eb.ref('excluded.message'),
        state: eb.ref('excluded.state'),
        seen_at: sql<Date>`case when excluded.state = 'resolved' then finding.seen_at else clock_timestamp() end`,
        changed_at: sql<Date>`case when excluded.state = finding.state then finding.changed_at else clock_timestamp() end`,
      })),
    )
    .execute()
}

/** Findings that are not resolved, for a status; sorted. */
export async function readFindings(
  db: Database,
  choice: { readonly origin?: string; readonly account?: string; readonly stack?: string } = {},
) {
  const { origin, account, stack } = choice
  return db
    .selectFrom('finding')
    .select([
      'origin',
      'account',
      'stack',
      'fingerprint',
      'rule',
      'severity',
      'key_id as keyId',
      'live_id as liveId',
      'message',
      'state',
      'opened_at as openedAt',
      'seen_at as seenAt',
      'changed_at as changedAt',
    ])
    .where('state', '!=', 'resolved')
    .$if(origin !== undefined, query => query.where('origin', '=', origin ?? ''))
    .$if(account !== undefined, query => query.where('account', '=', account ?? ''))
    .$if(stack !== undefined, query => query.where('stack', '=', stack ?? ''))
    .orderBy('origin')
    .orderBy('account')
    .orderBy('stack')
    .orderBy('fingerprint')
    .execute()
}
