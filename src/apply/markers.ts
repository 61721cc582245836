import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { type LiveKey, secretMadeAt } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import type { AtPatch } from '../plan/planned-patch.ts'
import type { NewKey } from '../platform/types.ts'
import type { Run } from './run.ts'

/** Where the platform sends no date, our clock may be behind: nothing happens to a secret before it was made. */
export function timeOf(live: LiveKey, { clock }: Pick<Run, 'clock'>): Instant {
  return Math.max(clock(), secretMadeAt(live))
}

/** The request that makes a key. A replay repeats it from the same declaration and the marker that the key bears. */
export function newKey(desired: DesiredKey, marker: Marker): NewKey {
  const { name, description, environment, scope, permissions, expires } = desired
  return { name, description, marker, environment, scope, permissions, expires }
}

/** One create, however often it is sent: the nonce is new for every key. */
export function idempotencyKey(marker: Marker): string {
  return `fluxloop-keys-${marker.nonce}`
}

/**
 * One regeneration, however often it is sent: the generation is new for every one. Each place has its own, so that nobody takes
 * what another one did for an answer that was lost.
 */
export function regenerationKey(marker: Marker, generation: number, place: string): string {
  return `${idempotencyKey(marker)}-${generation}-${place}`
}

/** What the plan leaves open until a key is written. */
export function atPatch(
  live: LiveKey,
  run: Pick<Run, 'clock' | 'nonce'>,
  forgotten: readonly string[] = [],
): AtPatch {
  return { live, at: timeOf(live, run), forgotten, nonce: run.nonce }
}
