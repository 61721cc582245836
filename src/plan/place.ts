import type { ManagedKey } from '../lifecycle/lineage.ts'
import type { Marker } from '../model/marker.ts'
import type { PlanOptions } from './input.ts'

/** Where this machine's stores are, by key id. */
export type Places = Pick<PlanOptions, 'host' | 'places'>

/** The hash that a marker of this key gets here. */
export function placeOf(keyId: string, { host, places }: Places): string {
  return places.get(keyId)?.[0] ?? host
}

/** Was this marker written for the local stores that its key has here? False where it names no place. */
export function isOfThisPlace(
  keyId: string,
  marker: Pick<Marker, 'host'>,
  { host, places }: Places,
): boolean {
  if (marker.host === null) return false
  return marker.host === host || places.get(keyId)?.includes(marker.host) === true
}

/**
 * Are the local stores of this key here? What they hold overrides the name of the place: a machine may be called otherwise by now, as
 * a container is that was made anew.
 */
export function isHere(
  keyId: string,
  { live, marker }: ManagedKey,
  options: Places & Pick<PlanOptions, 'heldHere'>,
): boolean {
  return (
    marker.host === null ||
    isOfThisPlace(keyId, marker, options) ||
    options.heldHere.get(keyId)?.has(live.id) === true
  )
}
