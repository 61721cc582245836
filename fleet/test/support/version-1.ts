import { Client } from 'pg'
import type { Secret } from '../../../src/model/secret.ts'

/**
 * What a replica of version 1 does with the database, one round of it; $1 is the replica, $2 the round. They stay as they are: the
 * statements of a version that is out in the world do not change with the code.
 */
const statements: readonly string[] = [
  `insert into fluxloop_keys.lease as l (origin, stack, holder, command, host, os_user, epoch, until)
     values ('o', 'stack-' || $1::text, $1 || $2::text, 'fleet run', $1, 'u', 1, clock_timestamp() + interval '30 seconds')
   on conflict (origin, stack) do update set holder = excluded.holder, since = excluded.since, until = excluded.until,
     epoch = l.epoch + 1 where l.until < clock_timestamp()`,
  `update fluxloop_keys.lease set until = clock_timestamp() + interval '30 seconds'
   where origin = 'o' and stack = 'stack-' || $1::text and holder = $1 || $2::text`,
  `insert into fluxloop_keys.run (run, origin, account, stack, mode, host, os_user, plan)
     values ($1::text || '/' || $2::text, 'o', 'a', 'stack-' || $1, 'apply', $1, 'u', '{"create": 1}')`,
  `insert into fluxloop_keys.change (run, ordinal, at, key, action, status, body)
     values ($1::text || '/' || $2::text, 1, clock_timestamp(), 'ci', 'create', 'done', '{}')`,
  `insert into fluxloop_keys.finding as f (origin, account, stack, fingerprint, rule, severity, message)
     values ('o', 'a', 'stack-' || $1::text, 'f' || ($2::int % 7), 'no-expiry', 'high', 'Never ends')
   on conflict (origin, account, stack, fingerprint) do update set resolved = false, seen_at = clock_timestamp(),
     changed_at = case when f.resolved then clock_timestamp() else f.changed_at end`,
  `update fluxloop_keys.finding set resolved = true, changed_at = clock_timestamp()
   where origin = 'o' and account = 'a' and stack = 'stack-' || $1::text and fingerprint = 'f' || (($2::int + 3) % 7)
     and not resolved`,
  `select fingerprint, resolved from fluxloop_keys.finding where stack = 'stack-' || $1::text and $2::int >= 0`,
  `update fluxloop_keys.run set ended_at = clock_timestamp(), exit_code = 0 where run = $1::text || '/' || $2::text`,
  `update fluxloop_keys.lease set until = clock_timestamp() where stack = 'stack-' || $1::text and holder = $1 || $2::text`,
]

export interface OldReplica {
  /** Rounds that are done. */
  readonly rounds: number
  /** Resolves once its last round is done. Rejects where a statement of it failed. */
  stop(): Promise<void>
}

export async function startOldReplica(url: Secret, name: string): Promise<OldReplica> {
  const client = new Client({ connectionString: url.reveal(), statement_timeout: 10_000 })
  await client.connect()
  const state = { rounds: 0, stopping: false }
  const work = async () => {
    try {
      while (!state.stopping) {
        for (const statement of statements) await client.query(statement, [name, state.rounds])
        state.rounds += 1
      }
    } finally {
      await client.end()
    }
  }
  const working = work()
  // It is looked at when the replica is stopped.
  working.catch(() => undefined)
  return {
    get rounds() {
      return state.rounds
    },
    stop() {
      state.stopping = true
      return working
    },
  }
}
