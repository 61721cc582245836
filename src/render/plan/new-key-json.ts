import type { Change } from '../../model/change.ts'
import type { Instant } from '../../model/duration.ts'
import { endOfLife } from '../../model/lifetime.ts'
import { endToJson } from '../keys/live-key-json.ts'

/** What a key that a change makes is made with. */
export interface NewKeyJson {
  readonly name: string
  readonly description: string
  /** Null: the platform chooses. */
  readonly environment: string | null
  readonly scope: 'all' | readonly string[]
  readonly permissions: readonly string[]
  /** If it is made at once; null: never. */
  readonly expires: string | null
  readonly protect: boolean
}

/** May it make a key? */
function makes(change: Change): boolean {
  switch (change.kind) {
    case 'create':
      return true
    case 'rotate':
    case 'deliver':
      return change.strategy === 'overlap'
    case 'heal':
      return change.generation !== null
    case 'adopt':
    case 'update':
    case 'release':
    case 'revoke':
      return false
  }
}

/** Null where no key is made, whatever happens. */
export function newKeyToJson(change: Change, now: Instant): NewKeyJson | null {
  if (!makes(change) || !('desired' in change)) return null
  const { name, description, environment, scope, permissions, expires, protect } = change.desired
  return {
    name,
    description,
    environment,
    scope,
    permissions,
    expires: endToJson(endOfLife(expires, now)),
    protect,
  }
}
