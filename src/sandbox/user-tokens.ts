import type { Database } from './database.ts'
import { unauthenticated } from './http-error.ts'
import type { KeyRow } from './key-table.ts'
import { randomSecret, randomText, sameHash, secretHash } from './make-secret.ts'

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

/** How long the token of a login works, as the platform's own client expects. */
const sessionLifetime = 3_600_000

/** What a login gives, in the platform's shape. */
export interface Credential {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_at: string
  readonly user_id: string
  readonly user_email: string
}

interface SessionRow {
  readonly id: string
  readonly account: string
  readonly secret_hash: string
  readonly expires_at: number
}

function newTokens(now: number) {
  const accessToken = randomSecret(userTokenPrefix)
  const refreshToken = randomSecret('flux_refresh_')
  return { accessToken, refreshToken, expiresAt: now + sessionLifetime }
}

function credentialOf(
  row: Pick<SessionRow, 'id' | 'account'>,
  tokens: ReturnType<typeof newTokens>,
): Credential {
  return {
    access_token: tokens.accessToken,
    refresh_token: tokens.refreshToken,
    expires_at: new Date(tokens.expiresAt).toISOString(),
    user_id: row.id,
    user_email: row.account,
  }
}

/** A person's login: its tokens are kept as hashes only. */
export function insertSession(database: Database, account: string, now: number): Credential {
  const tokens = newTokens(now)
  const row = { id: `user_${randomText(12)}`, account }
  database.run(
    'insert into user_sessions values (?, ?, ?, ?, ?, ?)',
    row.id,
    account,
    secretHash(tokens.accessToken),
    secretHash(tokens.refreshToken),
    now,
    tokens.expiresAt,
  )
  return credentialOf(row, tokens)
}

/** New tokens for those of a login; null where the refresh token is not one. The former ones work no longer. */
export function replaceSession(database: Database, refreshToken: string, now: number): Credential | null {
  const row = database.get(
    'select id, account, secret_hash, expires_at from user_sessions where refresh_hash = ?',
    secretHash(refreshToken),
  ) as SessionRow | undefined
  if (row === undefined) return null
  const tokens = newTokens(now)
  database.run(
    'update user_sessions set secret_hash = ?, refresh_hash = ?, expires_at = ? where id = ?',
    secretHash(tokens.accessToken),
    secretHash(tokens.refreshToken),
    tokens.expiresAt,
    row.id,
  )
  return credentialOf(row, tokens)
}

/** The person of a login; undefined where there is none. Throws a 401 where its token has ended. */
export function findSessionByHash(database: Database, hash: string, now: number): Caller | undefined {
  const row = database.get(
    'select id, account, secret_hash, expires_at from user_sessions where secret_hash = ?',
    hash,
  ) as SessionRow | undefined
  if (row === undefined || !sameHash(row.secret_hash, hash)) return undefined
  if (row.expires_at <= now) throw unauthenticated('The token of the login has expired')
  return { id: row.id, account: row.account, scope: '"*"', permissions: '["*"]', key: null }
}

export function findUserByHash(database: Database, hash: string): Caller | undefined {
  const row = database.get('select id, account, secret_hash from user_tokens where secret_hash = ?', hash) as
    { readonly id: string; readonly account: string; readonly secret_hash: string } | undefined
  if (row === undefined || !sameHash(row.secret_hash, hash)) return undefined
  return { id: row.id, account: row.account, scope: '"*"', permissions: '["*"]', key: null }
}
