import type { LiveKey } from '../../model/live-key.ts'
import type { Marker } from '../../model/marker.ts'

/** The marker of a managed key, whichever stack's it is; null where there is none that can be read. */
export function ownerOf(live: LiveKey): Marker | null {
  return live.ownership.kind === 'managed' ? live.ownership.marker : null
}
