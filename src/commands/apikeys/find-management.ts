import { loadConfiguration } from '../../config/load.ts'
import type { Context } from '../../context.ts'
import type { DesiredKey, DesiredState } from '../../model/desired.ts'
import type { LiveKey } from '../../model/live-key.ts'
import type { Marker } from '../../model/marker.ts'
import { lineageOf } from '../../lifecycle/lineage.ts'
import type { FoundKey } from '../find-key.ts'

/** What a configuration has to say about a key that a stack owns. */
export interface Management {
  readonly marker: Marker
  /** It is the one at work of its key id. */
  readonly isHead: boolean
  /** The stack's configuration, where it is at hand. */
  readonly configuration: DesiredState | null
  /** The key's declaration in it. */
  readonly declared: DesiredKey | null
  /** There is a configuration, but it has errors. */
  readonly broken: boolean
}

/** The key at work of this marker's key id; null where there is none. */
function headOf({ stack, keyId }: Marker, keys: readonly LiveKey[]): LiveKey | null {
  const generations = keys.flatMap(live => {
    if (live.status === 'revoked' || live.ownership.kind !== 'managed') return []
    const { marker } = live.ownership
    const sibling = marker.stack === stack && marker.keyId === keyId && marker.state.kind !== 'released'
    return sibling ? [{ live, marker }] : []
  })
  const { head, rivals } = lineageOf(keyId, generations)
  return (head ?? rivals[0])?.live ?? null
}

/**
 * Null where no stack owns the key. The configuration is that of `paths`, or the usual one of the working directory; one that
 * is missing, wrong or another stack's is not a reason to fail, since these commands are there to work without.
 */
export async function managementOf(
  { key, listing }: FoundKey,
  paths: readonly string[],
  { cwd }: Context,
): Promise<Management | null> {
  if (key.ownership.kind !== 'managed' || key.ownership.marker.state.kind === 'released') return null
  const { marker } = key.ownership
  const loaded = await loadConfiguration({ paths, cwd, now: null })
  const configuration = loaded.ok && loaded.desired.stack === marker.stack ? loaded.desired : null
  return {
    marker,
    isHead: headOf(marker, listing.keys)?.id === key.id,
    configuration,
    declared: configuration?.keys.find(({ keyId }) => keyId === marker.keyId) ?? null,
    broken: !loaded.ok && loaded.diagnostics.some(({ code }) => code !== 'no-files'),
  }
}
