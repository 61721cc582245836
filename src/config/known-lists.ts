import type { Permissions } from '../model/permission.ts'
import type { Scope } from '../model/scope.ts'
import type { RawKey } from './raw.ts'

/** What was found of lists about which there is nothing to report, by the lists: most keys share theirs with many others. */
export interface KnownLists {
  readonly permissions: Map<RawKey['permissions'], Permissions>
  readonly scopes: Map<RawKey['scope'], Scope>
  /** Nothing in them is temporary, or named twice. */
  readonly plain: Set<RawKey['permissions'] | RawKey['scope']>
}

export function knownLists(): KnownLists {
  return { permissions: new Map(), scopes: new Map(), plain: new Set() }
}
