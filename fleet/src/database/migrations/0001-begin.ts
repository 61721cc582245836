import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

const tables = `
create table if not exists fluxloop_keys.stack (
  id text primary key,
  origin text not null,
  stack text not null,
  account text,
  mode text not null check (mode in ('plan', 'apply')),
  digest text not null,
  priority integer not null,
  due_at timestamptz not null default clock_timestamp(),
  state text not null default 'new' check (state in ('new', 'in-sync', 'drifted', 'failing')),
  state_since timestamptz not null default clock_timestamp(),
  failures integer not null default 0,
  exit_code integer,
  problem text,
  last_run bigint,
  last_ended_at timestamptz,
  next_event text,
  next_event_at timestamptz,
  removed_at timestamptz
);
create index if not exists stack_due on fluxloop_keys.stack (due_at) where removed_at is null;

create table if not exists fluxloop_keys.lease (
  origin text not null,
  stack text not null,
  holder text not null,
  command text not null,
  host text not null,
  os_user text not null,
  epoch bigint not null,
  since timestamptz not null default clock_timestamp(),
  until timestamptz not null,
  primary key (origin, stack)
);

create table if not exists fluxloop_keys.run (
  id bigint generated always as identity primary key,
  run text not null unique,
  fleet_stack text,
  origin text not null,
  account text not null,
  stack text not null,
  mode text not null check (mode in ('plan', 'apply')),
  host text not null,
  os_user text not null,
  key_id text,
  key_name text,
  epoch bigint,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  exit_code integer,
  requests integer not null default 0,
  plan jsonb not null,
  widens boolean not null default false,
  line jsonb
);
create index if not exists run_stack on fluxloop_keys.run (origin, stack, started_at);
create index if not exists run_started on fluxloop_keys.run (started_at);

create table if not exists fluxloop_keys.change (
  run text not null,
  ordinal integer not null,
  at timestamptz not null,
  key text not null,
  live_id text,
  action text not null,
  status text not null,
  body jsonb not null,
  primary key (run, ordinal)
);
create index if not exists change_at on fluxloop_keys.change (at);

create table if not exists fluxloop_keys.usage (
  origin text not null,
  account text not null,
  live_id text not null,
  day text not null,
  requests bigint not null,
  body jsonb,
  seen_at timestamptz not null default clock_timestamp(),
  primary key (origin, account, live_id, day)
);
create index if not exists usage_day on fluxloop_keys.usage (day);

create table if not exists fluxloop_keys.finding (
  origin text not null,
  account text not null,
  stack text not null,
  fingerprint text not null,
  rule text not null,
  severity text not null,
  key_id text,
  live_id text,
  message text not null,
  resolved boolean not null default false,
  opened_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  primary key (origin, account, stack, fingerprint)
);

create table if not exists fluxloop_keys.request (
  credential text not null,
  hour timestamptz not null,
  lane text not null,
  count bigint not null,
  primary key (credential, hour, lane)
);

create table if not exists fluxloop_keys.budget (
  credential text primary key,
  tokens double precision not null,
  refilled_at timestamptz not null default clock_timestamp(),
  capacity double precision not null,
  per_seconds double precision not null,
  resets_at timestamptz,
  updated_at timestamptz not null default clock_timestamp()
)`

/** Everything that the first version has. In it a finding is either there or resolved. */
export const begin: Migration = {
  version: 1,
  name: '0001-begin',
  async expand(transaction) {
    await sql.raw(tables).execute(transaction)
  },
}
