import { transition } from '../lifecycle/transitions.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { FieldChange } from '../model/field-change.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import type { Removal } from '../model/removal.ts'
import type { Done } from './ledger.ts'
import { graceFrom, timeOf } from './markers.ts'
import { type NewSecret, type Undelivered, removalOf } from './make-key.ts'
import { requireWorking } from './prove.ts'
import { type OpenStore, type Puts, both, holds, putIntoEach, requireAll, storesOf } from './put.ts'
import type { ApplyPlatform, Run } from './run.ts'
import { takeOut } from './take-out.ts'
import { isMarked, withdraw } from './withdraw.ts'
import { patchMarked, patchOf } from './write.ts'

/** A key whose secret works, and is to be in all its stores. */
export interface Delivery {
  readonly live: LiveKey
  readonly marker: Marker
  readonly desired: DesiredKey
  readonly put: () => Promise<Puts>
  /** What the PATCH that says that it is delivered brings up to date. */
  readonly fields: readonly FieldChange[]
  /** Where it is no longer that of the marker. */
  readonly generation?: number
  /** Asked once all stores have it: the end of the grace of its predecessors. */
  readonly graceUntil: () => Instant
  readonly removal: Removal
}

/**
 * Puts a secret that is proven into all stores of its key, and says so in the marker. Every secret comes this way, wherever it is
 * from: what has to be said of other keys before consumers receive it belongs at the top.
 */
export async function deliver(delivery: Delivery, run: Run): Promise<Omit<Done, 'action'>> {
  const places = requireAll(await delivery.put())
  return { liveId: delivery.live.id, places, removed: await markDelivered(delivery, run) }
}

/** Marks a key as delivered, after its secret is taken out of the stores that the declaration lost. */
async function markDelivered(delivery: Delivery, run: Run): Promise<Done['removed']> {
  const { live, marker, desired, fields, generation = marker.generation, graceUntil, removal } = delivery
  const { removed, left, trouble } = await takeOut(removal, run)
  const { host, localKeys } = run.options
  // What is left may be left on another machine: whose it is must not be forgotten.
  const elsewhere = left.length > 0 ? removal.host : null
  const next = transition(marker, {
    kind: 'delivered',
    desired,
    live,
    generation,
    at: timeOf(live, run),
    graceUntil: graceUntil(),
    host: localKeys.has(desired.keyId) ? host : elsewhere,
    formerStores: left,
  })
  await patchMarked(live, patchOf(fields), desired.description, next, run)
  if (trouble !== null) throw trouble
  return removed
}

/**
 * Puts the secret of a new key into its stores. Where the first of them fails and does not hold it, nobody received the key, so
 * it is withdrawn; else the other stores get it all the same.
 */
export async function putNew(
  { live, secret }: NewSecret,
  stores: readonly OpenStore[],
  ports: { readonly platform: Pick<ApplyPlatform, 'revoke'> },
): Promise<Puts> {
  // Where one cannot tell, a marked key may stay, since the next apply finishes it.
  const unsure = isMarked(live)
  const begun = await putIntoEach(secret, stores.slice(0, 1))
  for (const { open, cause } of begun.faults) {
    if (!(await holds(open, secret, unsure))) throw await withdraw(live, cause, ports)
  }
  return both(begun, await putIntoEach(secret, stores.slice(1)))
}

/**
 * Delivers a new key once its secret is proven. Where it failed before any store took the secret it is revoked again; where one
 * did, it stays `pending`, and the next apply goes on from a store that has it.
 */
export async function deliverNew(key: Undelivered, run: Run): Promise<Omit<Done, 'action'>> {
  const { live, marker, secret, change } = key
  const { desired } = change
  try {
    await requireWorking(secret, live, run)
  } catch (cause) {
    throw await withdraw(live, cause, run)
  }
  const put = () => putNew(key, storesOf(desired, run), run)
  const graceUntil = () => graceFrom(live, desired, run)
  return await deliver(
    { live, marker, desired, put, fields: [], graceUntil, removal: removalOf(change) },
    run,
  )
}
