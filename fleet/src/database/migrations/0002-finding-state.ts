import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

// Without a default: a row that comes without a state comes from a replica of version 1.
const columns = `
alter table fluxloop_keys.finding add column if not exists state text;

create or replace function fluxloop_keys.finding_state() returns trigger language plpgsql as $body$
begin
  if tg_op = 'INSERT' and new.state is null then
    new.state := case when new.resolved then 'resolved' else 'open' end;
  elsif tg_op = 'INSERT' or new.state is distinct from old.state then
    new.resolved := new.state = 'resolved';
  elsif new.resolved is distinct from old.resolved then
    new.state := case when new.resolved then 'resolved' else 'reopened' end;
  end if;
  return new;
end
$body$;

drop trigger if exists finding_state on fluxloop_keys.finding;

create trigger finding_state before insert or update on fluxloop_keys.finding
  for each row execute function fluxloop_keys.finding_state()`

const tables = `
create table if not exists fluxloop_keys.listing (
  credential text primary key,
  begun_at timestamptz not null default clock_timestamp(),
  holder text not null,
  until timestamptz not null,
  taken_at timestamptz,
  body bytea
);

create table if not exists fluxloop_keys.notice (
  subject text primary key,
  state text not null,
  since timestamptz not null default clock_timestamp(),
  told_at timestamptz,
  told_step integer not null default 0
)`

const contraction = `
drop trigger finding_state on fluxloop_keys.finding;

drop function fluxloop_keys.finding_state();

alter table fluxloop_keys.finding
  drop column resolved,
  add constraint finding_state_known
    check (state is not null and state in ('open', 'suppressed', 'resolved', 'reopened')) not valid`

/**
 * The life of a finding: open, suppressed, resolved, reopened. As long as a replica of version 1 may run, a trigger keeps
 * `resolved` and `state` in step, whichever of the two a statement sets.
 */
export const findingState: Migration = {
  version: 2,
  name: '0002-finding-state',
  async expand(transaction) {
    await sql.raw(columns).execute(transaction)
    await sql.raw(tables).execute(transaction)
  },
  async backfill(transaction, batch) {
    const { numAffectedRows } = await sql`
      update fluxloop_keys.finding set state = case when resolved then 'resolved' else 'open' end
      where ctid = any (array (
        select ctid from fluxloop_keys.finding where state is null limit ${batch} for update skip locked))`.execute(
      transaction,
    )
    if ((numAffectedRows ?? 0n) > 0n) return true
    const { rows } = await sql`select from fluxloop_keys.finding where state is null limit 1`.execute(
      transaction,
    )
    return rows.length > 0
  },
  async contract(transaction) {
    await sql.raw(contraction).execute(transaction)
  },
}
