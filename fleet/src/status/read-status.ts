import { sql } from 'kysely'
import { type Instant, hour } from '../../../src/model/duration.ts'
import {
  type FleetCredentialStatus,
  type FleetStackStatus,
  type FleetState,
  type FleetStatus,
  type RequestLane,
  fleetStates,
  requestLanes,
} from '../../../src/model/fleet-status.ts'
import { readBudgets } from '../budget/take-requests.ts'
import type { Database } from '../database/connect.ts'

/** Characters of a hash that tell credentials apart, and tell nothing of them. */
const shownOfHash = 8

async function clockOf(db: Database): Promise<Instant> {
  const { rows } = await sql<{ now: Instant }>`select clock_timestamp() as now`.execute(db)
  return rows[0]?.now ?? 0
}

async function readStacks(db: Database): Promise<readonly FleetStackStatus[]> {
  const rows = await db
    .selectFrom('stack')
    .leftJoin('lease', join =>
      join
        .onRef('lease.origin', '=', 'stack.origin')
        .onRef('lease.stack', '=', 'stack.stack')
        .on('lease.until', '>', sql<Instant>`clock_timestamp()`),
    )
    .selectAll('stack')
    .select(['lease.command', 'lease.host', 'lease.since'])
    .where('stack.removed_at', 'is', null)
    .execute()
  return rows.map(row => ({
    ...{ name: row.id, origin: row.origin, stack: row.stack, account: row.account, mode: row.mode },
    ...{ state: row.state, since: row.state_since, failures: row.failures, problem: row.problem },
    ...{ lastRun: row.last_ended_at, exitCode: row.exit_code, nextRun: row.due_at },
    nextEvent:
      row.next_event === null || row.next_event_at === null
        ? null
        : { event: row.next_event, at: row.next_event_at },
    holder:
      row.command === null || row.host === null || row.since === null
        ? null
        : { command: row.command, host: row.host, since: row.since },
  }))
}

/** By credential and lane. Of the hour before this one, the part that lies within the last 60 minutes. */
async function readUse(db: Database, now: Instant): Promise<ReadonlyMap<string, Map<string, number>>> {
  const begun = Math.floor(now / hour) * hour
  const rows = await db
    .selectFrom('request')
    .select(['credential', 'lane', 'hour', 'count'])
    .where('hour', '>=', sql<Instant>`${new Date(begun - hour)}::timestamptz`)
    .execute()
  const use = new Map<string, Map<string, number>>()
  for (const { credential, lane, hour: at, count } of rows) {
    const lanes = use.get(credential) ?? new Map<string, number>()
    const share = at >= begun ? 1 : 1 - (now - begun) / hour
    lanes.set(lane, (lanes.get(lane) ?? 0) + count * share)
    use.set(credential, lanes)
  }
  return use
}

async function readCredentials(
  db: Database,
  now: Instant,
  accountOf: ReadonlyMap<string, string>,
): Promise<readonly FleetCredentialStatus[]> {
  const use = await readUse(db, now)
  const budgets = await readBudgets(db)
  return budgets.map(({ credential, remaining, limit, resetsAt }) => {
    const used = (lane: RequestLane) => Math.round(use.get(credential)?.get(lane) ?? 0)
    return {
      credential: credential.slice(0, shownOfHash),
      account: accountOf.get(credential) ?? null,
      ...{ remaining, capacity: Math.floor(limit), resetsAt },
      used: Object.fromEntries(requestLanes.map(lane => [lane, used(lane)])) as Record<RequestLane, number>,
    }
  })
}

function byState(a: FleetStackStatus, b: FleetStackStatus): number {
  const rank = ({ state }: FleetStackStatus) => fleetStates.indexOf(state)
  return rank(a) - rank(b) || (a.name < b.name ? -1 : 1)
}

/**
 * A fleet as its database knows it, on the database's clock: asks no platform. `accountOf`: the names of accounts by the hash of their
 * credential, as far as the caller knows them.
 */
export async function readStatus(
  db: Database,
  accountOf: ReadonlyMap<string, string> = new Map(),
): Promise<FleetStatus> {
  const at = await clockOf(db)
  const stacks = [...(await readStacks(db))].sort(byState)
  const credentials = [...(await readCredentials(db, at, accountOf))]
  const total = (state: FleetState) => stacks.filter(stack => stack.state === state).length
  return {
    at,
    totals: Object.fromEntries(fleetStates.map(state => [state, total(state)])) as Record<FleetState, number>,
    stacks,
    credentials: credentials.sort(
      (a, b) => a.remaining - b.remaining || (a.credential < b.credential ? -1 : 1),
    ),
  }
}
