import { platformWithCrashPoints, storesWithCrashPoints } from '../../apply/crash-points.ts'
import type { Regenerated } from '../../apply/regenerate-by-hand.ts'
import type { Context } from '../../context.ts'
import { type ManagedKey, lineageOf } from '../../lifecycle/lineage.ts'
import type { DesiredKey, DesiredState } from '../../model/desired.ts'
import type { Instant } from '../../model/duration.ts'
import type { Failure } from '../../model/failure.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { isHere, placeOf } from '../../plan/place.ts'
import type { PlatformClient } from '../../platform/types.ts'
import type { Undelivered } from '../../render/keys/management.ts'
import { isLocal } from '../../stores/locality.ts'
import { gatherEvidence } from '../evidence.ts'
import { placesHere } from '../places.ts'
import type { Management } from './find-management.ts'

/** A managed key whose new secret can be delivered from here. */
export interface Target {
  readonly declared: DesiredKey
  /** A short hash of where its local stores are; null where it has none. */
  readonly place: string | null
  /** Files that its stores may write to, whatever they are called. */
  readonly allowed: readonly string[]
}

type Found =
  | { readonly target: Target; readonly why: null }
  | { readonly target: null; readonly why: Exclude<Undelivered, null> }

/** Where the new secret of a managed key can go, or why it cannot. */
export async function targetOf(
  live: LiveKey,
  { marker, isHead, configuration, declared }: Management,
  allowed: readonly string[],
  context: Context,
): Promise<Found> {
  const not = (why: Exclude<Undelivered, null>) => ({ target: null, why })
  if (!isHead) return not('not-the-head')
  if (marker.state.kind === 'external') return not('external')
  if (configuration === null) return not('no-configuration')
  if (declared === null) return not('undeclared')
  const place = await placeHere({ live, marker }, declared, configuration, context)
  return place === 'elsewhere' ? not('other-host') : { target: { declared, place, allowed }, why: null }
}

/** The place of a key's local stores, null where it has none; `elsewhere` where nothing shows that they are here. */
async function placeHere(
  key: ManagedKey,
  declared: DesiredKey,
  configuration: DesiredState,
  context: Context,
): Promise<string | null> {
  const { keyId } = declared
  if (!declared.stores.some(({ spec }) => isLocal(spec))) return null
  const host = context.host()
  const places = await placesHere([declared], new Map([[keyId, lineageOf(keyId, [key])]]), new Map(), host)
  const nothingHeld = new Map<string, ReadonlySet<string>>()
  const named = { host, places, heldHere: nothingHeld }
  if (!isHere(keyId, key, named)) {
    const stores = await context.stores()
    const { heldHere } = await gatherEvidence([keyId], configuration, [key.live], new Map(), stores)
    if (!isHere(keyId, key, { ...named, heldHere })) return 'elsewhere'
  }
  return placeOf(keyId, named)
}

/** Can every store of the key take a secret? Throws the first `Failure` of one that cannot, before anything is regenerated. */
export async function requireReady({ declared, allowed }: Target, context: Context): Promise<void> {
  const stores = await context.stores(allowed)
  const probed = await stores.probe(declared.stores.map(({ spec }) => spec))
  for (const failure of probed.values()) if (failure !== null) throw failure
}

/** Delivers as apply does. */
export async function deliverTo(
  { declared, place, allowed }: Target,
  key: Regenerated,
  isCaller: boolean,
  clock: () => Instant,
  client: PlatformClient,
  context: Context,
): Promise<{ readonly places: readonly string[]; readonly fault: Failure | null }> {
  const { deliverRegenerated } = await import('../../apply/regenerate-by-hand.ts')
  return await deliverRegenerated(key, declared, {
    platform: platformWithCrashPoints(client, context.checkpoint),
    stores: storesWithCrashPoints(await context.stores(allowed), context.checkpoint),
    clock,
    host: place,
    marks: !isCaller,
  })
}
