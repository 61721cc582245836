import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import { transition } from '../lifecycle/transitions.ts'
import type { Marker } from '../model/marker.ts'
import type { Secret } from '../model/secret.ts'
import type { PlatformClient } from '../platform/types.ts'
import { keepsMarker } from './answers.ts'
import { putOneByOne } from './create-by-hand.ts'
import { storesOf } from './deliver.ts'
import { timeOf } from './markers.ts'
import type { ApplyStores } from './run.ts'

/** A managed key that was just regenerated, as the platform answered. */
export interface Regenerated {
  readonly live: LiveKey
  /** As it was before. */
  readonly marker: Marker
  readonly secret: Secret
}

/** What delivering a regenerated key needs from outside. */
export interface Delivery {
  readonly platform: Pick<PlatformClient, 'whoamiAs' | 'update'>
  readonly stores: ApplyStores
  /** The server's clock, as well as we know it. */
  readonly clock: () => Instant
  /** A short hash of this machine and user, where a store of the key belongs to them; else null. */
  readonly host: string | null
  /**
   * False for the calling key, which cannot write any more: the next plan finds its secret in the stores and marks it then.
   */
  readonly marks: boolean
}

/** Proves that the platform knows the secret as this key, and writes into the marker that it is in all its stores. */
async function proveAndMark(key: Regenerated, desired: DesiredKey, delivery: Delivery): Promise<void> {
  const { live, secret } = key
  const { platform } = delivery
  if ((await platform.whoamiAs(secret, live))?.liveKey?.id !== live.id) {
    throw new Failure('failed', `The platform does not accept the new secret of ${live.id} as that key.`)
  }
  if (!delivery.marks) return
  const marker = transition(key.marker, {
    kind: 'regenerated',
    stores: desired.stores,
    live,
    at: timeOf(live, delivery),
    host: delivery.host,
  })
  const description = { text: live.description, marker }
  const answer = await platform.update(live.id, { description }, { ifMatch: live.version })
  if (!keepsMarker(answer, marker)) {
    throw new Failure('failed', `The platform did not keep the marker in the description of ${live.id}.`)
  }
}

/**
 * Puts the new secret of a managed key into its stores, those first that can be read back, and marks it as delivered.
 * Resolves to where the secret is, and to what went wrong, if anything did; whoever calls still holds the secret.
 */
export async function deliverRegenerated(
  key: Regenerated,
  desired: DesiredKey,
  delivery: Delivery,
): Promise<{ readonly places: readonly string[]; readonly fault: Failure | null }> {
  const put = await putOneByOne(key.secret, storesOf(desired, delivery))
  if (put.fault !== null) return put
  try {
    await proveAndMark(key, desired, delivery)
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    return { places: put.places, fault: cause }
  }
  return put
}
