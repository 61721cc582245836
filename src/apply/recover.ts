import type { Deliver, Heal } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import { type LiveKey, endsAgree, visibleEnd } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import type { Secret } from '../model/secret.ts'
import { fieldHashes } from '../plan/field-hashes.ts'
import { fieldChanges } from '../plan/fields.ts'
import { maximumPending } from '../plan/heal.ts'
import { sparingCaller } from '../plan/key-plan.ts'
import { PlatformFailure } from '../platform/platform-failure.ts'
import { replayWindow } from '../platform/replay.ts'
import { isAccepted, markDelivered, putIntoAll, storesOf } from './deliver.ts'
import type { Done } from './ledger.ts'
import { idempotencyKey, markerOf, newKey } from './markers.ts'
import type { ApplyStore, Run } from './run.ts'
import { narrow } from './update.ts'

type Held = ReadonlyMap<ApplyStore, Secret>

/** What the readable stores of a key hold now. */
async function heldSecrets(stores: ReturnType<typeof storesOf>): Promise<Held> {
  const held = new Map<ApplyStore, Secret>()
  for (const { store } of stores) {
    const secret = store.readable ? await store.get() : null
    if (secret !== null) held.set(store, secret)
  }
  return held
}

/** The secret of a live key, where a store holds it. */
async function secretFromStores(live: LiveKey, held: Held, run: Run): Promise<Secret | null> {
  const shown = visibleEnd(live.maskedKey)
  for (const secret of held.values()) {
    if (endsAgree(shown, secret.end(shown.length)) && (await isAccepted(secret, live, run))) return secret
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
      if (cause instanceof PlatformFailure && (cause.status === 409 || cause.status === 422)) return null
      throw cause
    })
  if (issued === null) return null
  if (issued.key.id !== live.id) {
    // A platform that ignores the header made one more key, which nobody received.
    await run.platform.revoke(issued.key.id)
    return null
  }
  return issued.secret !== null && (await isAccepted(issued.secret, live, run)) ? issued.secret : null
}

function holders(held: Held, secret: Secret): ReadonlySet<ApplyStore> {
  return new Set([...held].filter(([, other]) => other.equals(secret)).map(([store]) => store))
}

/** Delivers the secret of a head once more from a store that has it. Null: no store has it, so a new generation is due. */
export async function redeliver(change: Deliver, run: Run): Promise<Done | null> {
  const { desired, live, fields, generation, reasons } = change
  const stores = storesOf(desired, run)
  const held = await heldSecrets(stores)
  const secret = await secretFromStores(live, held, run)
  if (secret === null) return null
  const places = await putIntoAll(secret, stores, holders(held, secret), run)
  const former = markerOf(live)
  // What overtook it comes to stand below it, and has its grace from now on: consumers may have got it from a store.
  const overtaken = reasons.some(({ code }) => code === 'overtaken')
  const marker = overtaken ? { ...former, generation } : former
  const graceUntil =
    former.state.kind === 'delivered' && !overtaken
      ? former.state.graceUntil
      : run.clock() + desired.rotation.grace
  await markDelivered({ live, marker }, desired, fields, graceUntil, run)
  return { action: 'delivered', liveId: live.id, places }
}

/** May somebody have received the secret of this pending key, from a store into which we cannot look? */
function mayBeReceived(marker: Marker, desired: DesiredKey, stores: ReturnType<typeof storesOf>): boolean {
  const declared = new Set(desired.stores.map(({ hash }) => hash))
  return stores.some(({ store }) => !store.readable) || marker.stores.some(hash => !declared.has(hash))
}

async function revokePending(live: LiveKey, run: Run): Promise<void> {
  run.checkpoint('before-revoke')
  await run.platform.revoke(live.id)
  run.checkpoint('after-revoke')
}

/**
 * Finishes the newest pending key whose secret a store or a replay still gives. What we made ourselves, cannot finish and
 * know that nobody received is revoked; the rest is left to retire once a successor is delivered, but never so much of
 * it that runs which fail again and again pile up keys. Null: none could be finished, so a new generation is due.
 */
export async function heal({ desired, pending, generation }: Heal, run: Run): Promise<Done | null> {
  const stores = storesOf(desired, run)
  const held = await heldSecrets(stores)
  const isOurs = (live: LiveKey) => markerOf(live).host === run.options.host && live.id !== run.caller.key?.id
  let left = [...pending]
  for (const live of pending) {
    const marker = markerOf(live)
    const secret =
      (await secretFromStores(live, held, run)) ?? (await secretFromReplay(live, marker, desired, run))
    if (secret !== null) {
      const places = await putIntoAll(secret, stores, holders(held, secret), run)
      const wanted = fieldChanges(desired, { live, marker }, run.clock())
      const { fields } = sparingCaller(desired.keyId, { live, marker }, wanted, run)
      await markDelivered({ live, marker }, desired, fields, run.clock() + desired.rotation.grace, run)
      for (const superseded of left.slice(1)) await narrow(superseded, desired, run)
      return { action: 'healed', liveId: live.id, places }
    }
    if (!isOurs(live)) break
    if (mayBeReceived(marker, desired, stores)) {
      const excess = left.slice(maximumPending - 1).filter(isOurs)
      for (const oldest of excess) await revokePending(oldest, run)
      left = left.filter(each => !excess.includes(each))
      break
    }
    await revokePending(live, run)
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
  for (const superseded of left) await narrow(superseded, desired, run)
  return null
}
