import type { Instant } from '../../model/duration.ts'
import { type LastUse, type LiveKey, shownEnvironment } from '../../model/live-key.ts'
import { isoTime } from '../text/time.ts'

/** A live key in the JSON of a plan. */
export interface KeyJson {
  readonly id: string
  readonly name: string
  readonly masked_key: string
  readonly environment: string | null
  readonly scope: 'all' | readonly string[]
  readonly permissions: readonly string[]
  readonly status: LiveKey['status']
  readonly created_at: string
  /** Null: never. */
  readonly expires_at: string | null
  readonly last_use: LastUseJson
}

/** Null: the platform does not say. `at` is null where the key was never used. */
export type LastUseJson = {
  readonly at: string | null
  readonly ip: string | null
  readonly location: string | null
  readonly user_agent: string | null
} | null

export function endToJson(end: Instant | null): string | null {
  return end === null ? null : isoTime(end)
}

export function keyToJson(live: LiveKey): KeyJson {
  return {
    id: live.id,
    name: live.name,
    masked_key: live.maskedKey,
    environment: shownEnvironment(live),
    scope: live.scope,
    permissions: live.permissions,
    status: live.status,
    created_at: isoTime(live.createdAt),
    expires_at: endToJson(live.expiresAt),
    last_use: lastUseToJson(live.lastUse),
  }
}

export function lastUseToJson(lastUse: LastUse): LastUseJson {
  if (!lastUse.known) return null
  const { at, ip, location, userAgent } = lastUse
  return { at: endToJson(at), ip, location, user_agent: userAgent }
}
