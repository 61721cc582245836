-- Two roles for the database of a fleet. Run it once, as an administrator, in a database that nothing else uses:
--
--   psql --dbname fleet --file rights.sql
--   psql --dbname fleet --command '\password fluxloop_keys_owner' --command '\password fluxloop_keys'
--
-- fluxloop_keys_owner makes tables and changes them: `fleet migrate` uses it, and nothing else does.
-- fluxloop_keys reads and writes rows: replicas, and people and CI jobs that run apply. It can make, change and drop nothing.

do $$
begin
  if not exists (select from pg_roles where rolname = 'fluxloop_keys_owner') then
    create role fluxloop_keys_owner login;
  end if;
  if not exists (select from pg_roles where rolname = 'fluxloop_keys') then
    create role fluxloop_keys login;
  end if;
  -- Everybody may connect to a new database, and make temporary tables in it.
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect, create on database %I to fluxloop_keys_owner', current_database());
  execute format('grant connect on database %I to fluxloop_keys', current_database());
end
$$;

-- Older versions of PostgreSQL let everybody make tables there.
revoke create on schema public from public;

-- For all that fluxloop_keys_owner will make.
alter default privileges for role fluxloop_keys_owner grant usage on schemas to fluxloop_keys;
alter default privileges for role fluxloop_keys_owner grant select, insert, update, delete on tables to fluxloop_keys;
alter default privileges for role fluxloop_keys_owner grant usage on sequences to fluxloop_keys;
