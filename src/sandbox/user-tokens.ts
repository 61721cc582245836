import type { Database } from './database.ts'
import type { KeyRow } from './key-table.ts'
import { randomText, sameHash, secretHash } from './secrets.ts'

/** Who makes a request: a key; or a person, with a token of their own, who may do everything and is listed nowhere. */
export interface Caller extends Pick<KeyRow, 'id' | 'scope' | 'permissions'> {
  readonly account: string
  /** Null: a person. */
  readonly key: KeyRow | null
}

export function keyCaller(key: KeyRow): Caller {
  return { id: key.id, scope: key.scope, permissions: key.permissions, account: 'sandbox', key }
}

/** What a person's token begins with; the platform's own are unknown. */
export const userTokenPrefix = 'flux_user_'

/** Like a key's secret, it is kept as its hash only. */
export function insertUserToken(database: Database, account: string, secret: string, now: number): void {
  const id = `user_${randomText(12)}`
  database.run('insert into user_tokens values (?, ?, ?, ?)', id, account, secretHash(secret), now)
}

export function findUserByHash(database: Database, hash: string): Caller | undefined {
  const row = database.get('select id, account, secret_hash from user_tokens where secret_hash = ?', hash) as
    { readonly id: string; readonly account: string; readonly secret_hash: string } | undefined
  if (row === undefined || !sameHash(row.secret_hash, hash)) return undefined
  return { id: row.id, account: row.account, scope: '"*"', permissions: '["*"]', key: null }
}
