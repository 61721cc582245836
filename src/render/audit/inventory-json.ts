import type { Instant } from '../../model/duration.ts'
import type { InventoryEntry, InventoryKey, PermissionUse } from '../../model/inventory.ts'
import type { Counts } from '../../model/observed-usage.ts'
import { type StoreSpec, storeLabel } from '../../model/store.ts'
import { redactSecrets } from '../text/escape.ts'
import { isoTime } from '../text/time.ts'

interface InventoryLiveJson {
  readonly id: string
  readonly masked_key: string
  readonly generation: number | null
  readonly state: InventoryKey['state']
  readonly created_at: string
  readonly secret_made_at: string
  readonly expires_at: string | null
  readonly last_use: {
    /** `hidden`: this program looked at it last, which hides who used it before. */
    readonly kind: 'unknown' | 'never' | 'used' | 'hidden'
    readonly at: string | null
  }
  readonly scope: 'all' | readonly string[]
  readonly permissions: readonly string[]
}

/** One key in the `inventory` of `audit --json`; described in `schemas/audit.schema.json`. No secret, address or user agent is in it. */
export interface InventoryJson {
  readonly key: string | null
  readonly name: string
  readonly description: string
  readonly owner: string | null
  readonly environment: string | null
  readonly scope: 'all' | readonly string[]
  readonly permissions: readonly string[]
  readonly protected: boolean
  readonly position: InventoryEntry['position']
  readonly stores: readonly string[]
  readonly max_age_seconds: number | null
  readonly due_at: string | null
  readonly live: readonly InventoryLiveJson[]
  readonly use: {
    readonly unseen: string | null
    readonly by_day: Readonly<Record<string, number>>
    readonly by_project: Readonly<Record<string, number>>
    readonly permissions: Readonly<Record<string, PermissionUse>>
  }
}

const timeOrNull = (at: Instant | null) => (at === null ? null : isoTime(at))

function sorted(counts: Counts): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...counts]
      .map(([name, count]) => [redactSecrets(name), count] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** A path as it is declared, where it lies below the folder that declares it: a home folder names a person. */
function placeOf(spec: StoreSpec): string {
  if (!('declaredIn' in spec)) return storeLabel(spec)
  const folder = spec.declaredIn.endsWith('/') ? spec.declaredIn : `${spec.declaredIn}/`
  const path = spec.path.startsWith(folder) ? spec.path.slice(folder.length) : spec.path
  return storeLabel({ ...spec, path })
}

const scopeToJson = (scope: InventoryEntry['scope']) => (scope === 'all' ? scope : scope.map(redactSecrets))

function liveToJson(key: InventoryKey): InventoryLiveJson {
  const { lastUse: use } = key
  return {
    id: redactSecrets(key.id),
    masked_key: redactSecrets(key.maskedKey),
    generation: key.generation,
    state: key.state,
    created_at: isoTime(key.createdAt),
    secret_made_at: isoTime(key.secretMadeAt),
    expires_at: timeOrNull(key.expiresAt),
    last_use: { kind: use.kind, at: 'at' in use ? isoTime(use.at) : null },
    scope: scopeToJson(key.scope),
    permissions: key.permissions.map(redactSecrets),
  }
}

export function inventoryToJson(entries: readonly InventoryEntry[]): readonly InventoryJson[] {
  return entries.map(entry => ({
    key: entry.keyId,
    name: redactSecrets(entry.name),
    description: redactSecrets(entry.description),
    owner: entry.owner === null ? null : redactSecrets(entry.owner),
    environment: entry.environment,
    scope: scopeToJson(entry.scope),
    permissions: entry.permissions.map(redactSecrets),
    protected: entry.isProtected,
    position: entry.position,
    stores: entry.stores.map(spec => redactSecrets(placeOf(spec))),
    max_age_seconds: entry.maxAge === null ? null : Math.round(entry.maxAge / 1000),
    due_at: timeOrNull(entry.dueAt),
    live: entry.live.map(liveToJson),
    use: {
      unseen: entry.use.unseen === null ? null : entry.use.unseen.replaceAll('-', '_'),
      by_day: sorted(entry.use.byDay),
      by_project: sorted(entry.use.byProject),
      permissions: Object.fromEntries(
        [...entry.use.permissions].map(([name, use]) => [redactSecrets(name), use]),
      ),
    },
  }))
}
