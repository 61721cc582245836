import type { ColumnType, Generated } from 'kysely'
import type { Instant } from '../../../src/model/duration.ts'

/** Comes out as milliseconds since 1970; goes in as a Date, or as an expression over the database's clock. */
type Time = ColumnType<Instant, Date, Date>
type TimeOrNull = ColumnType<Instant | null, Date | null | undefined, Date | null>
type DefaultTime = ColumnType<Instant, Date | undefined, Date>
/** Goes in as the text of its JSON. */
type Json<Value> = ColumnType<Value, string, string>
type JsonOrNull<Value> = ColumnType<Value | null, string | null | undefined, string | null>

/** One row a migration that was applied. */
export interface MigrationTable {
  version: number
  name: string
  expanded_at: DefaultTime
  /** Since then nothing older than this version works. */
  contracted_at: TimeOrNull
}

export type StackState = 'new' | 'in-sync' | 'drifted' | 'failing'

/** A stack of the fleet file, and when it is due. */
export interface StackTable {
  /** Its name in the fleet file. */
  id: string
  origin: string
  stack: string
  /** Known after its first run. */
  account: string | null
  mode: 'plan' | 'apply'
  /** Of its entry in the fleet file: where it changes, the stack is due. */
  digest: string
  priority: number
  due_at: DefaultTime
  state: Generated<StackState>
  state_since: DefaultTime
  /** Runs that failed since the last that did not. */
  failures: Generated<number>
  exit_code: number | null
  problem: string | null
  /** `run.id` */
  last_run: number | null
  last_ended_at: TimeOrNull
  next_event: string | null
  next_event_at: TimeOrNull
  removed_at: TimeOrNull
}

export interface LeaseTable {
  origin: string
  stack: string
  /** A random text for each take. */
  holder: string
  command: string
  host: string
  os_user: string
  epoch: number
  since: DefaultTime
  until: Time
}

export interface RunTable {
  id: Generated<number>
  /** As every line of the log has it. */
  run: string
  /** Null: run by hand, or in CI. */
  fleet_stack: string | null
  origin: string
  account: string
  stack: string
  mode: 'plan' | 'apply'
  host: string
  os_user: string
  key_id: string | null
  key_name: string | null
  epoch: number | null
  started_at: DefaultTime
  ended_at: TimeOrNull
  exit_code: number | null
  requests: Generated<number>
  /** How many changes of each kind. */
  plan: Json<Readonly<Record<string, number>>>
  widens: Generated<boolean>
  /** The line of the log; null where nothing was to be applied. */
  line: JsonOrNull<unknown>
}

export interface ChangeTable {
  run: string
  ordinal: number
  at: Time
  key: string
  live_id: string | null
  action: string
  status: string
  /** The line of the log. */
  body: Json<unknown>
}

/** What a key was used for on one day, as the platform said when it was asked last. */
export interface UsageTable {
  origin: string
  account: string
  live_id: string
  /** In UTC, `2026-01-31`. */
  day: string
  requests: number
  body: JsonOrNull<unknown>
  seen_at: DefaultTime
}

export type FindingState = 'open' | 'suppressed' | 'resolved' | 'reopened'

export interface FindingTable {
  origin: string
  account: string
  stack: string
  /** The same as long as the finding is the same one. */
  fingerprint: string
  rule: string
  severity: string
  key_id: string | null
  live_id: string | null
  message: string
  state: FindingState
  opened_at: DefaultTime
  seen_at: DefaultTime
  /** When `state` was last another one. */
  changed_at: DefaultTime
}

/** Requests that were taken out of the budget of a credential. */
export interface RequestTable {
  /** A hash of the secret. */
  credential: string
  hour: Time
  lane: string
  count: number
}

export interface BudgetTable {
  credential: string
  tokens: number
  refilled_at: DefaultTime
  capacity: number
  /** It fills from empty in this many seconds. */
  per_seconds: number
  /** When the platform's own window ends; until then nothing is added. Null: not known. */
  resets_at: TimeOrNull
  updated_at: DefaultTime
}

/** The right to list the keys of an account, and what the last listing was. */
export interface ListingTable {
  credential: string
  begun_at: DefaultTime
  holder: string
  until: Time
  taken_at: TimeOrNull
  /** Deflated. */
  body: Buffer | null
}

/** About what people were notified. */
export interface NoticeTable {
  /** A stack or a key. */
  subject: string
  state: string
  since: DefaultTime
  told_at: TimeOrNull
  told_step: Generated<number>
}

/** The schema `fluxloop_keys`, as the newest migration leaves it. */
export interface Tables {
  migration: MigrationTable
  stack: StackTable
  lease: LeaseTable
  run: RunTable
  change: ChangeTable
  usage: UsageTable
  finding: FindingTable
  request: RequestTable
  budget: BudgetTable
  listing: ListingTable
  notice: NoticeTable
}
