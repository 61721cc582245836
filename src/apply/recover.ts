import type { Deliver, Heal } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import type { Removal } from '../model/removal.ts'
import type { Secret } from '../model/secret.ts'
import { fieldHashes } from '../lifecycle/field-hashes.ts'
import { maximumPending } from '../plan/heal.ts'
import { refusesReplay, replayWindow } from '../platform/replay.ts'
import { recordingStaleDelivery } from './stale-delivery.ts'
import { isOwn } from './answers.ts'
import { type OpenStore, isAccepted, markDelivered, putIntoEach, requireAll, storesOf } from './deliver.ts'
import type { Done } from './ledger.ts'
import { graceFrom, idempotencyKey, markerOf, newKey } from './markers.ts'
import { revokeUnreceived } from './revoke-unreceived.ts'
import type { ApplyStore, Run } from './run.ts'
import { narrow } from './update.ts'

type Held = ReadonlyMap<ApplyStore, Secret>

/** What the readable stores of a key hold now, and those that its declaration lost: so a key moves to another store. */
async function heldSecrets(stores: readonly OpenStore[], { from }: Removal, run: Run): Promise<Held> {
  const held = new Map<ApplyStore, Secret>()
  for (const { store } of stores) {
    const secret = store.readable ? await store.get() : null
    if (secret !== null) held.set(store, secret)
  }
  for (const { store } of storesOf({ stores: from }, run)) {
    // One that cannot be read any more is not what the key needs.
    const secret = store.readable ? await store.get().catch(() => null) : null
    if (secret !== null) held.set(store, secret)
  }
  return held
}

/** The secret of a live key, where a store holds it. */
async function secretFromStores(live: LiveKey, held: Held, run: Run): Promise<Secret | null> {
  for (const secret of held.values()) {
    if (await isAccepted(secret, live, run)) return secret
  }
  return null
}

/** The secret of a pending key, where the platform still knows the answer that it gave when it made that key. */
async function secretFromReplay(
  live: LiveKey,
  marker: Marker,
  desired: DesiredKey,
  run: Run,
): Promise<Secret | null> {
  const sameRequest = JSON.stringify(fieldHashes(desired)) === JSON.stringify(marker.fields)
  if (!sameRequest || run.clock() - live.createdAt >= replayWindow) return null
  const issued = await run.platform
    .create(newKey(desired, marker), idempotencyKey(marker))
    .catch((cause: unknown) => {
      if (refusesReplay(cause)) return null
      throw cause
    })
  if (issued === null) return null
  if (issued.key.id !== live.id) {
    // A platform that ignores the header made one more key, which nobody received.
    if (isOwn(issued.key, desired, marker, run)) await revokeUnreceived(issued.key, run)
    return null
  }
  return issued.secret !== null && (await isAccepted(issued.secret, live, run)) ? issued.secret : null
}

/** The stores that have a secret already, just as they are declared: other recipients are another way of having it. */
function holders(
  held: Held,
  secret: Secret,
  stores: readonly OpenStore[],
  marker: Marker,
): ReadonlySet<ApplyStore> {
  const unchanged = stores.filter(({ hash }) => marker.stores.includes(hash))
  return new Set(
    unchanged.map(({ store }) => store).filter(store => held.get(store)?.equals(secret) === true),
  )
}

/** Delivers the secret of a head once more from a store that has it. Null: no store has it, so a new generation is due. */
export async function redeliver(change: Deliver, run: Run): Promise<Done | null> {
  const { desired, live, fields, generation, reasons, removal } = change
  const stores = storesOf(desired, run)
  const held = await heldSecrets(stores, removal, run)
  const secret = await secretFromStores(live, held, run)
  if (secret === null) return null
  const former = markerOf(live)
  return await recordingStaleDelivery(live, run, async () => {
    const places = requireAll(await putIntoEach(secret, stores, holders(held, secret, stores, former)))
    // What overtook it comes to stand below it, and has its grace from now on: consumers may have got it from a store.
    const overtaken = reasons.some(({ code }) => code === 'overtaken')
    const graceUntil =
      former.state.kind === 'delivered' && !overtaken
        ? former.state.graceUntil
        : graceFrom(live, desired, run)
    const delivered = { fields, graceUntil, removal, ...(overtaken ? { generation } : {}) }
    const done = await markDelivered({ live, marker: former }, desired, delivered, run)
    return { action: 'delivered', liveId: live.id, places, ...done }
  })
}

/** May somebody have received the secret of this pending key, from a store into which we cannot look? */
function mayBeReceived(marker: Marker, desired: DesiredKey, stores: readonly OpenStore[]): boolean {
  const declared = new Set(desired.stores.map(({ hash }) => hash))
  return stores.some(({ store }) => !store.readable) || marker.stores.some(hash => !declared.has(hash))
}

/**
 * Finishes the newest pending key whose secret a store or a replay still gives. What we made ourselves, cannot finish and
 * know that nobody received is revoked; the rest is left to retire once a successor is delivered, but never so much of
 * it that runs which fail again and again pile up keys. Null: none could be finished, so a new generation is due.
 */
export async function heal({ desired, pending, generation, removal }: Heal, run: Run): Promise<Done | null> {
  const stores = storesOf(desired, run)
  const held = await heldSecrets(stores, removal, run)
  const isOurs = (live: LiveKey) => markerOf(live).host === run.options.host && live.id !== run.caller.key?.id
  let left = [...pending]
  for (const { live, fields } of pending) {
    const marker = markerOf(live)
    const secret =
      (await secretFromStores(live, held, run)) ?? (await secretFromReplay(live, marker, desired, run))
    if (secret !== null) {
      const places = requireAll(await putIntoEach(secret, stores, holders(held, secret, stores, marker)))
      const graceUntil = graceFrom(live, desired, run)
      const done = await markDelivered({ live, marker }, desired, { fields, graceUntil, removal }, run)
      for (const other of left.slice(1)) await narrow(other.live, desired, other.narrowing, run)
      return { action: 'healed', liveId: live.id, places, ...done }
    }
    if (!isOurs(live)) break
    if (mayBeReceived(marker, desired, stores)) {
      const excess = left.slice(maximumPending - 1).filter(one => isOurs(one.live))
      for (const oldest of excess) await revokeUnreceived(oldest.live, run)
      left = left.filter(one => !excess.includes(one))
      break
    }
    await revokeUnreceived(live, run)
    left = left.slice(1)
  }
  if (generation === null) {
    throw new Failure(
      'conflict',
      `${desired.keyId} has too many pending keys of other hosts to add one more.`,
      {
        hints: ['Run apply where they were made, or revoke them in the web platform.'],
      },
    )
  }
  for (const other of left) await narrow(other.live, desired, other.narrowing, run)
  return null
}
