import type { ManagedKey } from '../lifecycle/lineage.ts'
import type { Deliver, Heal, PendingKey } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { FieldChange } from '../model/field-change.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Secret } from '../model/secret.ts'
import { maximumPending } from '../plan/heal.ts'
import { type Delivery, deliver } from './deliver.ts'
import { type Held, heldSecrets, holders, secretFromReplay, secretFromStores } from './find-secret.ts'
import type { Done } from './ledger.ts'
import { graceFrom, markerOf } from './markers.ts'
import { narrow } from './patch.ts'
import { type OpenStore, putIntoEach, storesOf } from './put.ts'
import type { Run } from './run.ts'
import { recordingStaleDelivery } from './stale-delivery.ts'

/** The key of a change whose secret was found, and the stores that it was looked for in. */
interface Found {
  readonly key: ManagedKey
  readonly secret: Secret
  readonly fields: readonly FieldChange[]
  readonly stores: readonly OpenStore[]
  readonly held: Held
}

/** Brings the secret of a live key into those of its stores that lack it. */
async function finish(
  { key, secret, fields, stores, held }: Found,
  { desired, removal }: Heal | Deliver,
  again: Partial<Pick<Delivery, 'generation' | 'graceUntil'>>,
  run: Run,
): Promise<Omit<Done, 'action'>> {
  const { live, marker } = key
  const put = () => putIntoEach(secret, stores, holders(held, secret, stores, key))
  const graceUntil = () => graceFrom(live, desired, run)
  return await deliver({ live, marker, desired, put, fields, graceUntil, removal, ...again }, run)
}

/** Delivers the secret of a head once more from a store that has it. Null: no store has it. */
export async function redeliver(change: Deliver, run: Run): Promise<Done | null> {
  const { desired, live, fields, generation, reasons, removal } = change
  const stores = storesOf(desired, run)
  const held = await heldSecrets(stores, removal, run)
  const secret = await secretFromStores(live, held, run)
  if (secret === null) return null
  const key = { live, marker: markerOf(live) }
  const { state } = key.marker
  // What overtook it comes to stand below it, and has its grace from now on: consumers may have got it from a store.
  const overtaken = reasons.some(({ code }) => code === 'overtaken')
  const again = {
    ...(overtaken ? { generation } : {}),
    ...(state.kind === 'delivered' && !overtaken ? { graceUntil: () => state.graceUntil } : {}),
  }
  return await recordingStaleDelivery(live, run, async () => {
    const done = await finish({ key, secret, fields, stores, held }, change, again, run)
    return { action: 'delivered', ...done }
  })
}

/** May somebody have received the secret of this pending key, from a store into which we cannot look? */
function mayBeReceived(live: LiveKey, desired: DesiredKey, stores: readonly OpenStore[]): boolean {
  const declared = new Set(desired.stores.map(({ hash }) => hash))
  return (
    stores.some(({ store }) => !store.readable) || markerOf(live).stores.some(hash => !declared.has(hash))
  )
}

/**
 * Finishes the newest pending key whose secret a store or a replay still gives. What we made ourselves, cannot finish and
 * know that nobody received is revoked; the rest is left to retire once a successor is delivered, but never so much of
 * it that runs which fail again and again pile up keys. Null: none could be finished, so a new generation is due.
 */
export async function heal(change: Heal, run: Run): Promise<Done | null> {
  const { desired, pending, generation, removal } = change
  const stores = storesOf(desired, run)
  const held = await heldSecrets(stores, removal, run)
  const isOurs = (live: LiveKey) => markerOf(live).host === run.options.host && live.id !== run.caller.key?.id
  let left = [...pending]
  for (const { live, fields } of pending) {
    const key = { live, marker: markerOf(live) }
    const secret = (await secretFromStores(live, held, run)) ?? (await secretFromReplay(key, desired, run))
    if (secret !== null) {
      const done = await finish({ key, secret, fields, stores, held }, change, {}, run)
      await narrowAll(left.slice(1), desired, run)
      return { action: 'healed', ...done }
    }
    if (!isOurs(live)) break
    if (mayBeReceived(live, desired, stores)) {
      const excess = left.slice(maximumPending - 1).filter(one => isOurs(one.live))
      for (const oldest of excess) await run.platform.revoke(oldest.live.id)
      left = left.filter(one => !excess.includes(one))
      break
    }
    await run.platform.revoke(live.id)
    left = left.slice(1)
  }
  if (generation === null) throw tooManyPending(desired)
  await narrowAll(left, desired, run)
  return null
}

async function narrowAll(pending: readonly PendingKey[], desired: DesiredKey, run: Run): Promise<void> {
  for (const { live, narrowing } of pending) await narrow(live, desired, narrowing, run)
}

function tooManyPending({ keyId }: DesiredKey): Failure {
  return new Failure('conflict', `${keyId} has too many pending keys of other hosts to add one more.`, {
    hints: ['Run apply where they were made, or revoke them in the web platform.'],
  })
}
