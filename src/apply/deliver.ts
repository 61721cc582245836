import { transition } from '../lifecycle/transitions.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { FieldChange } from '../model/field-change.ts'
import { Failure } from '../model/failure.ts'
import { type LiveKey, markerOf } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import type { Removal } from '../model/removal.ts'
import { placeOf } from '../plan/place.ts'
import type { Done } from './ledger.ts'
import { timeOf } from './markers.ts'
import { type NewSecret, type Undelivered, predecessorsOf, removalOf } from './make-key.ts'
import { requireWorking } from './prove.ts'
import { type OpenStore, type Puts, both, holds, putIntoEach, requireAll, storesOf } from './put.ts'
import { type Others, retirePredecessors, revokeUnreceived } from './retire-predecessors.ts'
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
  readonly removal: Removal
}

/**
 * Puts a secret that is proven into all stores of its key, and says so in the marker. Every secret comes this way, wherever it is
 * from.
 */
export async function deliver(delivery: Delivery, run: Run): Promise<Omit<Done, 'action'>> {
  const places = requireAll(await delivery.put())
  return { liveId: delivery.live.id, places, removed: await markDelivered(delivery, run) }
}

/** Marks a key as delivered, after its secret is taken out of the stores that the declaration lost. */
async function markDelivered(delivery: Delivery, run: Run): Promise<Done['removed']> {
  const { live, marker, desired, fields, generation = marker.generation, removal } = delivery
  const { removed, left, trouble } = await takeOut(removal, run)
  const { localKeys } = run.options
  // What is left may be left elsewhere: where that is must not be forgotten.
  const elsewhere = left.length > 0 ? removal.host : null
  const event = {
    kind: 'delivered',
    desired,
    live,
    generation,
    at: timeOf(live, run),
    host: localKeys.has(desired.keyId) ? placeOf(desired.keyId, run.options) : elsewhere,
    formerStores: left,
  } as const
  const next = transition(marker, event, live.id)
  // Its secret was proven in this run, wherever it came from.
  const noteOf = (bearing: Marker) => ({ description: desired.description, marker: bearing, proven: true })
  await patchMarked(live, patchOf(fields), noteOf(next), run).catch(async (cause: unknown) => {
    const fresh = await replacedMeanwhile(live, cause, run)
    if (fresh === null) throw cause
    await patchMarked(fresh, patchOf(fields), noteOf(transition(markerOf(fresh), event, live.id)), run)
  })
  if (trouble !== null) throw trouble
  return removed
}

/**
 * The key, where another run had it retire while this one slept, and the stores hold its secret by now: then apply says that, and the next plan finds out
 * which of the two they hold. Null: it was changed otherwise.
 */
async function replacedMeanwhile(
  { id, maskedKey }: LiveKey,
  cause: unknown,
  { platform }: Run,
): Promise<LiveKey | null> {
  if (!(cause instanceof Failure) || cause.code !== 'conflict') return null
  const fresh = await platform.get(id)
  const isRetiring = fresh.ownership.kind === 'managed' && fresh.ownership.marker.state.kind === 'retiring'
  return isRetiring && fresh.maskedKey === maskedKey ? fresh : null
}

/**
 * Puts the secret of a new key into its stores. Where the first of them fails and does not hold it, nobody received the key, so
 * it is withdrawn; else the other stores get it anyway.
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
 * Delivers a new key once its secret is proven and its predecessors retire. Resolves to those as well, as they are then. Where it failed before any store took the secret it is revoked again; where one
 * did, it stays `pending`, and the next apply goes on from a store that has it.
 */
export async function deliverNew(
  key: Undelivered,
  others: Others,
  run: Run,
): Promise<{ readonly done: Omit<Done, 'action'>; readonly retired: readonly LiveKey[] }> {
  const { live, marker, secret, change } = key
  const { desired } = change
  let retired: readonly LiveKey[]
  try {
    await requireWorking(secret, live, run)
    await revokeUnreceived(desired.keyId, others, run)
    const predecessors = predecessorsOf(change).filter(({ id }) => !others.revoked.has(id))
    retired = await retirePredecessors(live, predecessors, desired, run)
  } catch (cause) {
    throw await withdraw(live, cause, run)
  }
  const put = () => putNew(key, storesOf(desired, run), run)
  const removal = removalOf(change)
  return { done: await deliver({ live, marker, desired, put, fields: [], removal }, run), retired }
}
