import { fieldHashes } from '../lifecycle/field-hashes.ts'
import type { ManagedKey } from '../lifecycle/lineage.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Removal } from '../model/removal.ts'
import type { Secret } from '../model/secret.ts'
import { refusesReplay, replayWindow } from '../platform/replay.ts'
import { isOwn } from './answers.ts'
import { idempotencyKey, newKey } from './markers.ts'
import { isAccepted } from './prove.ts'
import { type OpenStore, storesOf } from './put.ts'
import type { ApplyStore, Run } from './run.ts'

/** What stores hold. */
export type Held = ReadonlyMap<ApplyStore, Secret>

/** What the readable stores of a key hold now, and those that its declaration lost: so a key moves to another store. */
export async function heldSecrets(stores: readonly OpenStore[], { from }: Removal, run: Run): Promise<Held> {
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

/** The stores that have a secret already, just as they are declared: other recipients are another way of having it. */
export function holders(
  held: Held,
  secret: Secret,
  stores: readonly OpenStore[],
  { marker }: ManagedKey,
): ReadonlySet<ApplyStore> {
  const unchanged = stores.filter(({ hash }) => marker.stores.includes(hash))
  return new Set(
    unchanged.map(({ store }) => store).filter(store => held.get(store)?.equals(secret) === true),
  )
}

/** The secret of a live key, where a store holds it. */
export async function secretFromStores(live: LiveKey, held: Held, run: Run): Promise<Secret | null> {
  for (const secret of held.values()) {
    if (await isAccepted(secret, live, run)) return secret
  }
  return null
}

/** The secret of a pending key, where the platform still knows the answer that it gave when it made that key. */
export async function secretFromReplay(
  { live, marker }: ManagedKey,
  desired: DesiredKey,
  run: Run,
): Promise<Secret | null> {
  const sameRequest = JSON.stringify(fieldHashes(desired)) === JSON.stringify(marker.fields)
  if (!sameRequest || run.clock() - live.createdAt >= replayWindow) return null
  const asked = newKey(desired, marker)
  const issued = await run.platform.create(asked, idempotencyKey(marker)).catch((cause: unknown) => {
    if (refusesReplay(cause)) return null
    throw cause
  })
  if (issued === null) return null
  if (issued.key.id !== live.id) {
    // A platform that ignores the header made one more key, which nobody received.
    if (isOwn(issued.key, asked, run.known)) await run.platform.revoke(issued.key.id)
    return null
  }
  return issued.secret !== null && (await isAccepted(issued.secret, live, run)) ? issued.secret : null
}
