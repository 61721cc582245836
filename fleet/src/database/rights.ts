import { sql, type Transaction } from 'kysely'
import { schema } from './connect.ts'
import { queueSchema } from './queues.ts'
import type { Tables } from './tables.ts'

/** Roles that `deploy/rights.sql` creates, besides the one that owns the tables. */
export const roles = { runner: 'fluxloop_keys_runner', apply: 'fluxloop_keys_apply' } as const

type Rights = Readonly<Record<string, string>>

const write = 'select, insert, update'
const all = `${write}, delete`

/** Nobody deletes leases: their epochs would begin anew. Nobody but who migrates says which version the tables have. */
const ofRunner: Readonly<Record<keyof Tables, string>> = {
  migration: 'select',
  stack: all,
  lease: write,
  run: all,
  change: all,
  usage: all,
  finding: all,
  request: all,
  budget: write,
  listing: write,
  notice: all,
}

const ofApply: Rights = { migration: 'select', lease: write, run: write, change: 'select, insert' }

const ofRunnerInQueues: Rights = {
  version: 'select, update',
  queue: 'select',
  job: all,
  archive: all,
  schedule: 'select',
  subscription: 'select',
}

async function grant(
  transaction: Transaction<Tables>,
  role: string,
  space: string,
  rights: Rights,
): Promise<void> {
  await sql`grant usage on schema ${sql.id(space)} to ${sql.id(role)}`.execute(transaction)
  for (const [table, granted] of Object.entries(rights))
    await sql`grant ${sql.raw(granted)} on ${sql.id(space, table)} to ${sql.id(role)}`.execute(transaction)
}

/** Gives the roles that exist what they need of the tables. As the owner of the tables; it changes nothing the second time. */
export async function grantRights(transaction: Transaction<Tables>): Promise<void> {
  const { rows } = await sql<{ rolname: string }>`
    select rolname from pg_roles where rolname in (${sql.join(Object.values(roles))})`.execute(transaction)
  const exists = (role: string) => rows.some(({ rolname }) => rolname === role)
  if (exists(roles.runner)) {
    await grant(transaction, roles.runner, schema, ofRunner)
    await grant(transaction, roles.runner, queueSchema, ofRunnerInQueues)
  }
  if (exists(roles.apply)) await grant(transaction, roles.apply, schema, ofApply)
}
