import type { WireIssued, WireKeyList } from '../platform/wire.ts'
import type { Answer, Call } from './incoming-call.ts'
import { notFound } from './http-error.ts'
import { refuseGrants, requireVersion } from './preconditions.ts'
import { type Expiry, keyFields } from './key-fields.ts'
import {
  type KeyRow,
  findKey,
  insertKey,
  keyPermissions,
  keyScope,
  pageOfKeys,
  replaceSecret,
  revokeKeyRow,
  updateKey,
  wireKey,
} from './key-table.ts'
import { defaultPermissions, missingPermissions, missingProjects } from './permissions.ts'
import { environmentOfName, prefixes } from './make-secret.ts'
import { type Fields, fieldsOf, queryFields, wholeNumber } from './validation.ts'

/** What the web form proposes: 90 days. */
const defaultLifetime = 90 * 86_400_000

export function listKeys(call: Call): Answer {
  const fields = queryFields(call.query)
  const limit = wholeNumber(fields, 'limit', { least: 1, most: 1_000, usual: 100, capped: true })
  const after = readCursor(fields)
  fields.finish()
  const rows = pageOfKeys(call.database, keyScope(call.caller), after, limit + 1)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  const body: WireKeyList = {
    api_keys: rows.slice(0, limit).map(row => wireKey(row, call.now)),
    next_cursor:
      last === undefined
        ? null
        : Buffer.from(JSON.stringify([last.created_at, last.id])).toString('base64url'),
  }
  return { status: 200, body }
}

function readCursor(fields: Fields): { createdAt: number; id: string } {
  const start = { createdAt: Number.MIN_SAFE_INTEGER, id: '' }
  const text = fields.value('cursor')
  if (typeof text !== 'string') return start
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (Array.isArray(value) && Number.isSafeInteger(value[0]) && typeof value[1] === 'string') {
      return { createdAt: value[0] as number, id: value[1] }
    }
  } catch {
    // Not one of ours; said below.
  }
  fields.issue('cursor', 'Invalid cursor', 'value_error')
  return start
}

export function createKey(call: Call): Answer {
  const fields = fieldsOf('body', call.body())
  const given = keyFields(fields, call.database, call.now)
  if (!fields.has('name')) fields.issue('name', 'Field required', 'missing')
  fields.finish()
  const name = given.name ?? ''
  const scope = given.scope ?? '*'
  const permissions = given.permissions ?? defaultPermissions
  refuseGrants(call, permissions, scope)
  const environment = given.environment ?? environmentOfName(name)
  const expiry = given.expiry === undefined ? { after: defaultLifetime } : given.expiry
  const secret = call.makeSecret(prefixes[environment])
  const id = call.makeId()
  insertKey(call.database, {
    id,
    name,
    description: given.description ?? '',
    environment,
    secret,
    scope,
    permissions,
    createdAt: call.now,
    expiresAt: endOf(expiry, call.now),
  })
  return issued(call, 201, id, secret)
}

export function showKey(call: Call): Answer {
  return shown(call, visibleKey(call))
}

export function changeKey(call: Call): Answer {
  const row = visibleKey(call)
  requireVersion(call, row)
  const fields = fieldsOf('body', call.body())
  const given = keyFields(fields, call.database, call.now)
  if (fields.has('environment')) {
    fields.issue('environment', 'The environment of a key cannot change', 'value_error')
  }
  fields.finish()
  const permissions = given.permissions ?? keyPermissions(row)
  const scope = given.scope ?? keyScope(row)
  // Only what is added is granted: whoever holds less than the key may still narrow it.
  const added = missingProjects(scope, keyScope(row))
  const addedPermissions = missingPermissions(permissions, keyPermissions(row))
  refuseGrants(call, addedPermissions, added.includes('*') ? '*' : added)
  updateKey(call.database, {
    ...row,
    name: given.name ?? row.name,
    description: given.description ?? row.description,
    permissions: JSON.stringify(permissions),
    scope: JSON.stringify(scope),
    ...(given.expiry === undefined ? {} : newExpiry(given.expiry, row, call.now)),
  })
  return shown(call, reread(call, row.id))
}

export function revokeKey(call: Call): Answer {
  const row = visibleKey(call)
  requireVersion(call, row)
  revokeKeyRow(call.database, row.id, call.now)
  return { status: 204 }
}

export function regenerateKey(call: Call): Answer {
  const row = visibleKey(call)
  requireVersion(call, row)
  // The caller gets a secret that can do all that the key can.
  refuseGrants(call, keyPermissions(row), keyScope(row))
  const secret = call.makeSecret(prefixes[row.environment])
  replaceSecret(call.database, row, secret, call.now)
  return issued(call, 200, row.id, secret)
}

/** The live key of the path, where the caller's scope reaches all of its projects. Throws a 404. */
export function visibleKey(call: Call): KeyRow {
  const row = findKey(call.database, call.id)
  if (row === undefined || missingProjects(keyScope(row), keyScope(call.caller)).length > 0) {
    throw notFound('API key')
  }
  return row
}

function endOf(expiry: Expiry, now: number): number | null {
  if (expiry === null) return null
  return 'at' in expiry ? expiry.at : now + expiry.after
}

/** A date sets how long each secret of the key lives from the day it is made; a period says so itself. */
function newExpiry(expiry: Expiry, row: KeyRow, now: number): Pick<KeyRow, 'expires_at' | 'lifetime'> {
  if (expiry === null) return { expires_at: null, lifetime: null }
  const expires_at = endOf(expiry, now)
  const lifetime = 'at' in expiry ? expiry.at - (row.regenerated_at ?? row.created_at) : expiry.after
  return { expires_at, lifetime }
}

function reread(call: Call, id: string): KeyRow {
  const row = findKey(call.database, id)
  if (row === undefined) throw notFound('API key')
  return row
}

function shown(call: Call, row: KeyRow): Answer {
  return { status: 200, body: wireKey(row, call.now), headers: { etag: `"${row.version}"` } }
}

/** The only answer with a secret in it. */
function issued(call: Call, status: number, id: string, key: string): Answer {
  const row = reread(call, id)
  const body: WireIssued = { api_key: wireKey(row, call.now), key }
  return { status, body, headers: { etag: `"${row.version}"`, 'cache-control': 'no-store' } }
}
