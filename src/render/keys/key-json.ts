import type { Instant } from '../../model/duration.ts'
import { type LiveKey, type Ownership, regeneratedAt, shownEnvironment } from '../../model/live-key.ts'
import { daysRemaining } from './calendar-day.ts'
import { hiddenKey, maskedKey } from './masked-key.ts'
import { lastUseToJson } from './live-key-json.ts'
import { isoTime } from '../text/time.ts'

/**
 * A key as the `apikeys` commands print it with `--json`: a public shape, described in `schemas/apikeys.schema.json`. Names are
 * snake_case as the platform's are, times ISO 8601 in UTC. No secret is in it.
 */
export interface ApiKeyJson {
  readonly id: string
  readonly name: string
  /** Without the marker. */
  readonly description: string
  readonly masked_key: string
  readonly environment: string | null
  readonly scope: 'all' | readonly string[]
  readonly permissions: readonly string[]
  readonly status: LiveKey['status']
  readonly created_at: string
  readonly regenerated_at: string | null
  /** Null: never. */
  readonly expires_at: string | null
  /** Whole days, rounded down; below zero it has ended. */
  readonly days_remaining: number | null
  /** Null: the platform does not say. */
  readonly last_use: ReturnType<typeof lastUseToJson>
  /** Null: no stack owns it. */
  readonly managed: ManagedJson | null
}

/** `readable` is false where the marker is edited, cut, or of a newer version; then the rest is null. */
interface ManagedJson {
  readonly readable: boolean
  readonly stack: string | null
  readonly key: string | null
  readonly generation: number | null
  readonly state: string | null
  readonly protected: boolean | null
}

function managedToJson(ownership: Ownership): ManagedJson | null {
  switch (ownership.kind) {
    case 'unmanaged':
      return null
    case 'unreadable':
      return { readable: false, stack: null, key: null, generation: null, state: null, protected: null }
    case 'copied':
      return { readable: false, stack: null, key: null, generation: null, state: 'copied', protected: null }
    case 'managed': {
      const { stack, keyId, generation, state, protected: guarded } = ownership.marker
      return { readable: true, stack, key: keyId, generation, state: state.kind, protected: guarded }
    }
  }
}

/** `masked: false` gives the prefix alone. */
export function keyToJson(
  key: LiveKey,
  now: Instant,
  { masked }: { readonly masked: boolean } = { masked: true },
): ApiKeyJson {
  const regenerated = regeneratedAt(key)
  return {
    id: key.id,
    name: key.name,
    description: key.description,
    masked_key: masked ? maskedKey(key) : hiddenKey(key),
    environment: shownEnvironment(key),
    scope: key.scope,
    permissions: key.permissions,
    status: key.status,
    created_at: isoTime(key.createdAt),
    regenerated_at: regenerated === null ? null : isoTime(regenerated),
    expires_at: key.expiresAt === null ? null : isoTime(key.expiresAt),
    days_remaining: daysRemaining(key.expiresAt, now),
    last_use: lastUseToJson(key.lastUse),
    managed: managedToJson(key.ownership),
  }
}
