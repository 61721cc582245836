import { transition } from '../lifecycle/transitions.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { Marker } from '../model/marker.ts'
import { unsigned } from '../platform/signature.ts'
import { putsByHand } from './create-by-hand.ts'
import type { NewSecret } from './make-key.ts'
import { timeOf } from './markers.ts'
import { isAccepted, notAccepted } from './prove.ts'
import { putIntoEach, storesOf } from './put.ts'
import type { ApplyPlatform, Run } from './run.ts'
import { patchMarked } from './write.ts'

/** A managed key that was just regenerated, as the platform answered. */
export interface Regenerated extends NewSecret {
  /** As it was before. */
  readonly marker: Marker
}

/** What delivering a regenerated key needs from outside. */
export interface Delivery extends Pick<Run, 'stores' | 'clock'> {
  readonly platform: Pick<ApplyPlatform, 'get' | 'whoamiAs' | 'update'>
  /** A short hash of where the local stores of the key are; null where it has none. */
  readonly host: string | null
  /**
   * False for the calling key, which cannot write any more: the next plan finds its secret in the stores and marks it then.
   */
  readonly marks: boolean
}

/** Proves that the platform knows the secret as this key, and writes into the marker that it is in all its stores. */
async function proveAndMark(key: Regenerated, { stores }: DesiredKey, delivery: Delivery): Promise<void> {
  const { live, secret } = key
  if (!(await isAccepted(secret, live, delivery))) throw notAccepted(live)
  if (!delivery.marks) return
  const at = timeOf(live, delivery)
  const marker = transition(
    key.marker,
    { kind: 'regenerated', stores, live, at, host: delivery.host },
    live.id,
  )
  const note = { description: live.description, marker, proven: true }
  // Only apply signs.
  await patchMarked(live, {}, note, { ...delivery, signing: { sign: unsigned } })
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
  const put = await putsByHand(await putIntoEach(key.secret, storesOf(desired, delivery)), key.secret)
  if (put.fault !== null) return put
  try {
    await proveAndMark(key, desired, delivery)
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    return { places: put.places, fault: cause }
  }
  return put
}
