import { closeSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import type Libsql from 'libsql'
import { Failure } from '../model/failure.ts'

type SqlValue = string | number | Buffer | null

/** SQLite with prepared statements that are kept. Rows are unknown: whoever wrote the query knows their columns. */
export interface Database {
  get(sql: string, ...values: SqlValue[]): unknown
  all(sql: string, ...values: SqlValue[]): unknown[]
  /** The number of rows that changed. */
  run(sql: string, ...values: SqlValue[]): number
  /** All of `work` or nothing; it has the only write lock from the start, so that what it reads stays true. */
  transaction<T>(work: () => T): T
  /** Inside a transaction: undoes `work` alone where it throws. */
  attempt<T>(work: () => T): T
  close(): void
}

/** How long a writer waits for those of other processes, in milliseconds. */
const patience = 15_000

// Times are milliseconds since 1970; lists are JSON. Secrets are nowhere: keys have a hash, replays are encrypted.
const schema = `
create table if not exists projects (
  id text primary key, name text not null unique, status text not null, created_at integer not null);
create table if not exists api_keys (
  id text primary key, name text not null, description text not null, environment text not null,
  secret_hash text unique, masked_key text not null, scope text not null, permissions text not null,
  created_at integer not null, regenerated_at integer, expires_at integer, lifetime integer,
  last_used_at integer, last_ip text, last_user_agent text,
  version integer not null, revoked_at integer);
create index if not exists live_api_keys on api_keys (created_at, id) where revoked_at is null;
create table if not exists usage (
  key_id text not null, day text not null, operation text not null, project text not null, ip text not null,
  requests integer not null, primary key (key_id, day, operation, project, ip)) without rowid;
create table if not exists replays (id text primary key, created_at integer not null, answer blob not null);
create index if not exists replays_by_age on replays (created_at);
create table if not exists scenarios (
  id text primary key, project text not null, name text not null, content text not null,
  created_at integer not null, updated_at integer not null);
create table if not exists results (
  id text primary key, project text not null, kind text not null, content text not null, created_at integer not null);
create table if not exists user_tokens (
  id text primary key, account text not null, secret_hash text not null unique, created_at integer not null);
create table if not exists user_sessions (
  id text primary key, account text not null, secret_hash text not null unique, refresh_hash text not null unique,
  created_at integer not null, expires_at integer not null);
create table if not exists device_logins (
  device_hash text primary key, user_code text not null unique, status text not null, account text,
  created_at integer not null, expires_at integer not null);
create table if not exists locations (ip text primary key, location text not null);
create table if not exists members (
  id text primary key, email text not null unique, role text not null, invited_at integer not null);
`

/** The projects of a new database: those of the platform's page on API keys. */
const firstProjects = ['customer-support-bot', 'sales-assistant', 'analytics-agent']

const pause = new Int32Array(new SharedArrayBuffer(4))

/** SQLite waits for other processes by itself, but not to change the kind of its journal. */
function patiently(work: () => void): void {
  const end = Date.now() + patience
  for (;;) {
    try {
      work()
      return
    } catch (error) {
      const isBusy = error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY'
      if (!isBusy || Date.now() > end) throw error
      Atomics.wait(pause, 0, 0, 10)
    }
  }
}

/** An optional package: who only manages keys needs none. Its binary is a package of its own for each system. */
function driver(): typeof Libsql {
  try {
    return createRequire(import.meta.url)('libsql') as typeof Libsql
  } catch (cause) {
    throw new Failure('failed', 'The database of the sandbox (the package libsql) cannot be loaded here', {
      hints: [
        'It is not installed with fluxloop-keys. Install it in the same place: npm install libsql@0.5.29',
        'A folder node_modules of another system, copied or mounted, lacks what this one needs.',
        'Nothing but the sandbox needs it.',
      ],
      cause,
    })
  }
}

/** Opens `file`, or makes it (for its owner only) in a folder that exists; `:memory:` is one that nobody else sees and that ends with it. */
export function openDatabase(file: string, now: number): Database {
  if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600))
  const connection = new (driver())(file, { timeout: patience })
  const statements = new Map<string, ReturnType<typeof connection.prepare>>()
  // The values always travel as one list: the driver takes a single null or Buffer for named parameters.
  const prepared = (
    sql: string,
  ): { get(v: unknown): unknown; all(v: unknown): unknown[]; run(v: unknown): { changes: number } } => {
    const known = statements.get(sql) ?? connection.prepare(sql)
    statements.set(sql, known)
    return known
  }

  const database: Database = {
    get: (sql, ...values) => prepared(sql).get(values),
    all: (sql, ...values) => prepared(sql).all(values),
    run: (sql, ...values) => prepared(sql).run(values).changes,
    transaction: work => bracket('begin immediate', 'commit', 'rollback', work),
    attempt: work =>
      bracket('savepoint attempt', 'release attempt', 'rollback to attempt; release attempt', work),
    close() {
      statements.clear()
      connection.close()
    },
  }

  function bracket<T>(begin: string, keep: string, undo: string, work: () => T): T {
    connection.exec(begin)
    try {
      const result = work()
      connection.exec(keep)
      return result
    } catch (error) {
      if (connection.inTransaction) connection.exec(undo)
      throw error
    }
  }

  if (file !== ':memory:') patiently(() => connection.exec('pragma journal_mode = wal'))
  // A commit in WAL survives the end of any process; only the power may take the last ones with it.
  connection.exec('pragma synchronous = normal')
  database.transaction(() => {
    connection.exec(schema)
    const { count } = database.get('select count(*) as count from projects') as { count: number }
    if (count > 0) return
    for (const name of firstProjects) {
      database.run('insert into projects values (?, ?, ?, ?)', `proj_${name}`, name, 'active', now)
    }
  })
  return database
}
