import { useOf } from '../lifecycle/last-use.ts'
import type { ManagedKey } from '../lifecycle/lineage.ts'
import type { Deliver, Heal, PendingKey } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { FieldChange } from '../model/field-change.ts'
import { type LiveKey, markerOf } from '../model/live-key.ts'
import type { Secret } from '../model/secret.ts'
import { deliver } from './deliver.ts'
import { isOfThisPlace } from '../plan/place.ts'
import { type Held, heldSecrets, holders, secretFromReplay, secretFromStores } from './find-secret.ts'
import type { Done } from './ledger.ts'
import { narrow } from './patch.ts'
import { type OpenStore, putIntoEach, storesOf } from './put.ts'
import { type Others, retirePredecessors } from './retire-predecessors.ts'
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
  run: Run,
): Promise<Omit<Done, 'action'>> {
  const { live, marker } = key
  const put = () => putIntoEach(secret, stores, holders(held, secret, stores, key))
  return await deliver({ live, marker, desired, put, fields, removal }, run)
}

/** Delivers the secret of a head once more from a store that has it. Null: no store has it. */
export async function redeliver(change: Deliver, run: Run): Promise<Done | null> {
  const { desired, live, fields, removal } = change
  const stores = storesOf(desired, run)
  const held = await heldSecrets(stores, removal, run)
  const secret = await secretFromStores(live, held, run)
  if (secret === null) return null
  const key = { live, marker: markerOf(live) }
  return await recordingStaleDelivery(live, run, async () => {
    const done = await finish({ key, secret, fields, stores, held }, change, run)
    return { action: 'delivered', ...done }
  })
}

/** Somebody called with it: a run of another host may have put it into a store there. */
function isInUse(live: LiveKey): boolean {
  const { kind } = useOf(live)
  return kind === 'used' || kind === 'hidden'
}

/** May somebody have received the secret of this pending key, from a store into which we cannot look? */
function mayBeReceived(live: LiveKey, desired: DesiredKey, stores: readonly OpenStore[]): boolean {
  const declared = new Set(desired.stores.map(({ hash }) => hash))
  return (
    stores.some(({ store }) => !store.readable) || markerOf(live).stores.some(hash => !declared.has(hash))
  )
}

/**
 * Finishes the newest pending key whose secret a store or a replay still gives, once all others retire for it. What we made
 * ourselves, cannot finish and know that nobody received is revoked, the newest of it once a successor is made; the rest retires then.
 * Null: none could be finished, so a new generation is due.
 */
export async function heal(change: Heal, others: Others, run: Run): Promise<Done | null> {
  const { marked, revoked } = others
  const { desired, pending, excess, predecessors, generation, removal } = change
  const stores = storesOf(desired, run)
  const held = await heldSecrets(stores, removal, run)
  const mayGo = (live: LiveKey) =>
    isOfThisPlace(desired.keyId, markerOf(live), run.options) &&
    live.id !== run.caller.key?.id &&
    !isInUse(live) &&
    !mayBeReceived(live, desired, stores)
  const revokeAll = async (keys: readonly LiveKey[]) => {
    for (const { id } of keys) {
      if (revoked.has(id)) continue
      await run.platform.revoke(id)
      revoked.add(id)
    }
  }
  const unreceived: LiveKey[] = []
  for (const [index, { live, fields }] of pending.entries()) {
    const key = { live, marker: markerOf(live) }
    const secret = (await secretFromStores(live, held, run)) ?? (await secretFromReplay(key, desired, run))
    if (secret !== null) {
      // An older one, too, that no store has: whoever made this one was to revoke it.
      for (const { live: older } of pending.slice(index + 1))
        if (mayGo(older) && (await secretFromStores(older, held, run)) === null) unreceived.push(older)
      await revokeAll(unreceived)
      const kin = predecessors.filter(({ id }) => id !== live.id && !revoked.has(id))
      const retired = await retirePredecessors(live, kin, desired, run)
      for (const predecessor of retired) marked.set(predecessor.id, predecessor)
      const done = await finish({ key, secret, fields, stores, held }, change, run)
      await narrowAll(retired, pending, desired, run)
      return { action: 'healed', ...done }
    }
    if (!mayGo(live)) break
    unreceived.push(live)
  }
  const [newest] = generation === null ? [] : unreceived
  if (newest !== undefined) others.unreceived.set(desired.keyId, newest)
  await revokeAll([...unreceived, ...excess].filter(({ id }) => id !== newest?.id))
  if (generation === null) throw tooManyPending(desired)
  return null
}

/** Takes from pending keys that retire now what their declaration does not grant. */
async function narrowAll(
  retired: readonly LiveKey[],
  pending: readonly PendingKey[],
  desired: DesiredKey,
  run: Run,
): Promise<void> {
  for (const live of retired) {
    const planned = pending.find(one => one.live.id === live.id)
    if (planned !== undefined) await narrow(live, desired, planned.narrowing, run)
  }
}

function tooManyPending({ keyId }: DesiredKey): Failure {
  return new Failure('conflict', `${keyId} has too many pending keys of other hosts to add one more.`, {
    hints: ['Run apply where they were made, or revoke them in the web platform.'],
  })
}
