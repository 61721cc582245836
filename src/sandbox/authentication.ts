import type { WireWhoami } from '../platform/wire.ts'
import type { Answer, Call } from './call.ts'
import type { Database } from './database.ts'
import { HttpError, forbidden, unauthenticated } from './errors.ts'
import { type KeyRow, findKeyByHash, isExpired, keyPermissions, wireKey } from './key-table.ts'
import { type PermissionName, missingPermissions } from './permissions.ts'
import { sameHash, secretHash } from './secrets.ts'

/** The secret that a request presents. Throws a 401 where there is none. */
export function presentedSecret(headers: Headers): string {
  const match = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')
  if (match?.[1] === undefined) throw unauthenticated('Not authenticated')
  return match[1]
}

/** The live key that the secret belongs to. Throws a 401. */
export function authenticate(database: Database, secret: string, now: number): KeyRow {
  const hash = secretHash(secret)
  const row = findKeyByHash(database, hash)
  if (row === undefined || !sameHash(row.secret_hash, hash)) throw unauthenticated('Invalid API key')
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
  return row
}

/** Throws a 403 where the caller lacks the permission. */
export function authorise(caller: KeyRow, permission: PermissionName | null): void {
  if (permission === null) return
  const current = keyPermissions(caller)
  if (missingPermissions([permission], current).length > 0) {
    throw forbidden('Insufficient permissions', [permission], current)
  }
}

export function whoami(call: Call): Answer {
  const body: WireWhoami = {
    account: 'sandbox',
    organizations: ['sandbox'],
    api_key: wireKey(call.caller, call.now),
  }
  return { status: 200, body }
}
