import type { WireKey } from '../platform/wire.ts'
import type { Database } from './database.ts'
import type { Grants, ProjectScope } from './permissions.ts'
import { type EnvironmentName, masked, sameHash, secretHash } from './make-secret.ts'

/** A row of `api_keys`. Times are milliseconds since 1970. */
export interface KeyRow {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly environment: EnvironmentName
  readonly secret_hash: string
  readonly masked_key: string
  /** JSON: `"*"` or a list of project names. */
  readonly scope: string
  /** JSON: a list of names, or `["*"]`. */
  readonly permissions: string
  readonly created_at: number
  readonly regenerated_at: number | null
  /** Null: never. */
  readonly expires_at: number | null
  /** How long it lives from each (re)generation on, in milliseconds; null: for ever. */
  readonly lifetime: number | null
  readonly last_used_at: number | null
  readonly last_ip: string | null
  readonly last_user_agent: string | null
  /** Where `last_ip` is, as far as a seed knows. */
  readonly last_location: string | null
  readonly version: number
}

export interface NewKey {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly environment: EnvironmentName
  readonly secret: string
  readonly scope: ProjectScope
  readonly permissions: Grants
  readonly createdAt: number
  readonly expiresAt: number | null
}

export function keyScope(row: Pick<KeyRow, 'scope'>): ProjectScope {
  return JSON.parse(row.scope) as ProjectScope
}

export function keyPermissions(row: Pick<KeyRow, 'permissions'>): Grants {
  return JSON.parse(row.permissions) as Grants
}

export function insertKey(database: Database, key: NewKey): void {
  const lifetime = key.expiresAt === null ? null : key.expiresAt - key.createdAt
  database.run(
    `insert into api_keys (id, name, description, environment, secret_hash, masked_key, scope, permissions, created_at,
       expires_at, lifetime, version) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
    key.id,
    key.name,
    key.description,
    key.environment,
    secretHash(key.secret),
    masked(key.secret, key.environment),
    JSON.stringify(key.scope),
    JSON.stringify(key.permissions),
    key.createdAt,
    key.expiresAt,
    lifetime,
  )
}

/** The fields that a caller may set, as they shall be from now on. */
export function updateKey(database: Database, row: KeyRow): void {
  database.run(
    `update api_keys set name = ?, description = ?, scope = ?, permissions = ?, expires_at = ?, lifetime = ?,
       version = version + 1 where id = ?`,
    row.name,
    row.description,
    row.scope,
    row.permissions,
    row.expires_at,
    row.lifetime,
    row.id,
  )
}

export function replaceSecret(database: Database, row: KeyRow, secret: string, now: number): void {
  database.run(
    `update api_keys set secret_hash = ?, masked_key = ?, regenerated_at = ?, expires_at = ?, version = version + 1
       where id = ?`,
    secretHash(secret),
    masked(secret, row.environment),
    now,
    row.lifetime === null ? null : now + row.lifetime,
    row.id,
  )
}

/** The row stays for its history; without the hash nobody is it any more. */
export function revokeKeyRow(database: Database, id: string, now: number): void {
  database.run('update api_keys set secret_hash = null, revoked_at = ? where id = ?', now, id)
}

const rows =
  'select api_keys.*, (select location from locations where ip = last_ip) as last_location from api_keys'

/** A live key by its id. */
export function findKey(database: Database, id: string): KeyRow | undefined {
  return database.get(`${rows} where id = ? and revoked_at is null`, id) as KeyRow | undefined
}

export function findKeyByHash(database: Database, hash: string): KeyRow | undefined {
  const row = database.get(`${rows} where secret_hash = ? and revoked_at is null`, hash) as KeyRow | undefined
  return row !== undefined && sameHash(row.secret_hash, hash) ? row : undefined
}

/** Live keys after a place in the order of creation, only those whose scope lies within `scope`. */
export function pageOfKeys(
  database: Database,
  scope: ProjectScope,
  after: { readonly createdAt: number; readonly id: string },
  count: number,
): KeyRow[] {
  const within =
    scope === '*'
      ? 'and ? is not null'
      : `and scope <> '"*"' and not exists (select 1 from json_each(api_keys.scope) as project
           where project.value not in (select value from json_each(?)))`
  return database.all(
    `${rows} where revoked_at is null and (created_at, id) > (?, ?) ${within}
       order by created_at, id limit ?`,
    after.createdAt,
    after.id,
    JSON.stringify(scope),
    count,
  ) as KeyRow[]
}

function iso(at: number): string
function iso(at: number | null): string | null
function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

/** A key as the API shows it. The location of an address is absent but where a seed says it: there is no other source. */
export function wireKey(row: KeyRow, now: number): WireKey {
  const scope = keyScope(row)
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    masked_key: row.masked_key,
    environment: row.environment,
    scope: scope === '*' ? '*' : [...scope],
    permissions: [...keyPermissions(row)],
    created_at: iso(row.created_at),
    regenerated_at: iso(row.regenerated_at),
    expires_at: iso(row.expires_at),
    last_used_at: iso(row.last_used_at),
    last_used:
      row.last_used_at === null
        ? null
        : {
            ip: row.last_ip,
            ...(row.last_location === null ? {} : { location: row.last_location }),
            user_agent: row.last_user_agent,
          },
    status: isExpired(row, now) ? 'expired' : 'active',
    version: row.version,
  }
}

export function isExpired(row: KeyRow, now: number): boolean {
  return row.expires_at !== null && row.expires_at <= now
}
