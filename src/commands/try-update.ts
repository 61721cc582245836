import type { ApplyStores } from '../apply/run.ts'
import type { Change, Plan } from '../model/change.ts'
import type { CurrentState } from '../plan/input.ts'
import { hasKeptUpdates } from '../platform/manageable.ts'
import type { PlatformClient } from '../platform/types.ts'

const makesKey: ReadonlySet<Change['kind']> = new Set(['create', 'rotate', 'deliver', 'heal'])

/**
 * Before the first key is made on a platform: does it have the PATCH that says that a key is delivered? The key to ask with a change
 * of nothing: the calling one. Null where nothing is made, or where a marker shows that the platform kept an update before.
 */
export function keyToTryUpdate({ changes }: Plan, { keys, caller }: CurrentState): string | null {
  const isNeeded = !hasKeptUpdates(keys) && changes.some(({ kind }) => makesKey.has(kind))
  return isNeeded ? (caller.key?.id ?? null) : null
}

/** Stores that are tried before anything is made, as ever; where one of them is ready, the platform is tried with that key as well. */
export function tryingUpdate(
  keyId: string | null,
  stores: ApplyStores,
  client: Pick<PlatformClient, 'requireUpdates'>,
): ApplyStores {
  if (keyId === null) return stores
  return {
    open: spec => stores.open(spec),
    probe: async specs => {
      const results = await stores.probe(specs)
      if ([...results.values()].includes(null)) await client.requireUpdates(keyId)
      return results
    },
  }
}
