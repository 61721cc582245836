-- The roles of a fleet, with the least rights that each needs. An administrator runs this once in the fleet's database:
--
--   psql -d DATABASE -f rights.sql
--
-- then gives each role a password (\password fluxloop_keys_runner) and runs `fluxloop-keys fleet migrate` as
-- fluxloop_keys_migrator. That grants the two other roles their tables, now and after each later version.

-- Creates and changes the tables. Nothing else runs as this role.
create role fluxloop_keys_migrator login;

-- Replicas of `fluxloop-keys fleet run`, and `fleet status`. It can create, change and drop nothing.
create role fluxloop_keys_runner login;

-- A plain `fluxloop-keys apply` at a desk or in CI, and `history`: leases and history, nothing of the schedule.
create role fluxloop_keys_apply login;

do $$
begin
  -- For the schemas fluxloop_keys and fluxloop_keys_queue.
  execute format('grant connect, create on database %I to fluxloop_keys_migrator', current_database());
  execute format('grant connect on database %I to fluxloop_keys_runner, fluxloop_keys_apply', current_database());
end
$$;

-- What a client that is gone has begun does not run for ever.
alter role fluxloop_keys_runner set statement_timeout = '60s';
alter role fluxloop_keys_runner set idle_in_transaction_session_timeout = '60s';
alter role fluxloop_keys_apply set statement_timeout = '60s';
alter role fluxloop_keys_apply set idle_in_transaction_session_timeout = '60s';
