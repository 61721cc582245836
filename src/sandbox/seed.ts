import { Secret } from '../model/secret.ts'
import type { Database } from './database.ts'
import { insertKey } from './key-table.ts'
import type { PermissionName, ProjectScope } from './permissions.ts'
import { type EnvironmentName, prefixes, randomSecret } from './make-secret.ts'

/** A moment at which the outputs of the platform's page on API keys are true, and stay so for two hours: `84 days remaining` until Apr 15, 2024. */
export const referenceNow = Date.UTC(2024, 0, 22, 10)

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

interface SeedKey {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly environment: EnvironmentName
  /** What the page's masked key shows of the end: 3 to 5 characters. */
  readonly end: string
  readonly scope: ProjectScope
  readonly permissions: readonly PermissionName[]
  readonly createdAt: number
  readonly expiresAt: number | null
  /** Null: never. */
  readonly lastUsed: number | null
  /** Requests of the last 30 days by operation and project. */
  readonly usage: readonly (readonly [operation: string, project: string, requests: number])[]
}

function noon(year: number, month: number, dayOfMonth: number): number {
  return Date.UTC(year, month - 1, dayOfMonth, 12)
}

const support = 'customer-support-bot'
const sales = 'sales-assistant'

/** Every key that the page speaks of; the ids that it does not print are ours. */
const keys: readonly SeedKey[] = [
  {
    id: 'key_def456',
    name: 'My Development Key',
    description: 'API key for local development',
    environment: 'dev',
    end: 'mno34',
    scope: [support, sales],
    permissions: ['read_scenarios', 'upload_results', 'create_scenarios'],
    createdAt: noon(2024, 1, 15),
    expiresAt: noon(2024, 4, 15),
    lastUsed: 2 * hour,
    usage: [
      ['Pull scenarios', support, 41],
      ['Upload results', sales, 7],
    ],
  },
  {
    id: 'key_ghi789',
    name: 'CI/CD Pipeline',
    description: '',
    environment: 'ci',
    end: 'jkl',
    scope: '*',
    permissions: ['read_scenarios', 'upload_results'],
    createdAt: noon(2024, 1, 10),
    expiresAt: noon(2024, 4, 10),
    lastUsed: 5 * minute,
    usage: [['Pull scenarios', support, 120]],
  },
  {
    id: 'key_jkl012',
    name: 'Backup Key',
    description: '',
    environment: 'dev',
    end: 'tuv',
    scope: [support],
    permissions: ['read_scenarios'],
    createdAt: noon(2023, 12, 20),
    expiresAt: null,
    lastUsed: null,
    usage: [],
  },
  {
    id: 'key_abc123',
    name: 'Production Deployment',
    description: '',
    environment: 'prod',
    end: 'mno',
    scope: [support, sales],
    permissions: ['read_scenarios', 'upload_results', 'create_scenarios'],
    createdAt: noon(2024, 1, 15),
    expiresAt: noon(2024, 4, 15),
    lastUsed: 2 * hour,
    usage: [
      ['Pull scenarios', support, 453],
      ['Pull scenarios', sales, 114],
      ['Upload results', support, 346],
      ['Upload results', sales, 86],
      ['Create scenarios', support, 188],
      ['Create scenarios', sales, 47],
    ],
  },
  {
    id: 'key_xyz789',
    name: 'Old Development Key',
    description: '',
    environment: 'dev',
    end: 'abc',
    scope: '*',
    permissions: ['read_scenarios'],
    createdAt: referenceNow - 185 * day,
    expiresAt: null,
    lastUsed: 95 * day,
    usage: [],
  },
  {
    id: 'key_pqr345',
    name: 'Production Key',
    description: '',
    environment: 'prod',
    end: 'pqr',
    scope: '*',
    permissions: ['read_scenarios', 'upload_results'],
    createdAt: noon(2023, 10, 15),
    expiresAt: noon(2024, 1, 15),
    lastUsed: 8 * day,
    usage: [],
  },
]

/** Where the page's last use came from. */
const from = { ip: '192.168.1.100', location: 'San Francisco, CA', userAgent: 'fluxloop-cli/1.2.3' }

/** Spreads the requests evenly over the key's days, 30 at most, today included. */
function insertUsage(database: Database, { id, usage, createdAt }: SeedKey, now: number): void {
  const days = Math.min(30, Math.floor((referenceNow - createdAt) / day) + 1)
  for (const [operation, project, requests] of usage) {
    for (let ago = 0; ago < days; ago++) {
      const share = Math.floor((requests * (ago + 1)) / days) - Math.floor((requests * ago) / days)
      const date = new Date(now - ago * day).toISOString().slice(0, 10)
      if (share > 0)
        database.run(
          'insert into usage values (?, ?, ?, ?, ?, ?)',
          id,
          date,
          operation,
          project,
          from.ip,
          share,
        )
    }
  }
}

/**
 * Makes the page's keys (all, or those of `ids`) with their past. The page's dates hold where `now` is `referenceNow`; at
 * another moment everything is as long ago and ahead as on the page. Resolves to the new random secrets, by key id.
 */
export function seedReference(
  database: Database,
  now: number,
  ids: readonly string[] = keys.map(({ id }) => id),
): ReadonlyMap<string, Secret> {
  const shift = now - referenceNow
  database.run('insert or replace into locations values (?, ?)', from.ip, from.location)
  const secrets = keys
    .filter(({ id }) => ids.includes(id))
    .map(key => {
      const prefix = prefixes[key.environment]
      const secret = randomSecret(prefix).slice(0, -key.end.length) + key.end
      const createdAt = key.createdAt + shift
      const expiresAt = key.expiresAt === null ? null : key.expiresAt + shift
      insertKey(database, { ...key, secret, createdAt, expiresAt })
      const used = key.lastUsed === null ? null : now - key.lastUsed
      database.run(
        'update api_keys set masked_key = ?, last_used_at = ?, last_ip = ?, last_user_agent = ? where id = ?',
        `${prefix}****...${key.end}`,
        used,
        used === null ? null : from.ip,
        used === null ? null : from.userAgent,
        key.id,
      )
      insertUsage(database, key, now)
      return [key.id, new Secret(secret)] as const
    })
  return new Map(secrets)
}
