import type { WireWhoami } from '../platform/wire.ts'
import type { Answer, Call } from './incoming-call.ts'
import type { Database } from './database.ts'
import { HttpError, forbidden, unauthenticated } from './http-error.ts'
import { findKeyByHash, isExpired, keyPermissions, wireKey } from './key-table.ts'
import { type PermissionName, missingPermissions } from './permissions.ts'
import { secretHash } from './make-secret.ts'
import { type Caller, findSessionByHash, findUserByHash, keyCaller } from './user-tokens.ts'

/** The secret that a request presents. Throws a 401 where there is none. */
export function presentedSecret(headers: Headers): string {
  const match = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')
  if (match?.[1] === undefined) throw unauthenticated('Not authenticated')
  return match[1]
}

/** The live key or the person that the secret belongs to. Throws a 401. */
export function authenticate(database: Database, secret: string, now: number): Caller {
  const hash = secretHash(secret)
  const user = findUserByHash(database, hash) ?? findSessionByHash(database, hash, now)
  if (user !== undefined) return user
  const row = findKeyByHash(database, hash)
  if (row === undefined) throw unauthenticated('Invalid API key')
  if (isExpired(row, now)) {
    throw new HttpError(
      401,
      {
        detail: 'API key expired',
        code: 'api_key_expired',
        name: row.name,
        expired_at: new Date(row.expires_at ?? now).toISOString(),
      },
      { 'www-authenticate': 'Bearer' },
    )
  }
  return keyCaller(row)
}

/** Throws a 403 where the caller lacks the permission. */
export function authorise(caller: Caller, permission: PermissionName | null): void {
  if (permission === null) return
  const current = keyPermissions(caller)
  if (missingPermissions([permission], current).length > 0) {
    throw forbidden('Insufficient permissions', [permission], current)
  }
}

export function whoami(call: Call): Answer {
  const body: WireWhoami = {
    account: call.caller.account,
    organizations: ['sandbox'],
    api_key: call.caller.key === null ? null : wireKey(call.caller.key, call.now),
  }
  return { status: 200, body }
}
