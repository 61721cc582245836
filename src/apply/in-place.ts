import type { Deliver, Rotate } from '../model/change.ts'
import { Failure } from '../model/failure.ts'
import { endsAgree, visibleEnd } from '../model/live-key.ts'
import { fieldChanges } from '../plan/fields.ts'
import { sparingCaller } from '../plan/key-plan.ts'
import { markDelivered, putInto, requireWorking, storesOf } from './deliver.ts'
import type { Done } from './ledger.ts'
import { markerOf, regenerationKey } from './markers.ts'
import type { Run } from './run.ts'

/**
 * Replaces the secret of a key in the key itself. The old one is dead at once, so the new one goes into the readable stores
 * before anything is proved. Killed in between, the key's end differs from its marker's: the next plan delivers again, and
 * the same regeneration is replayed or repeated.
 */
export async function rotateInPlace(
  { live, desired, generation, removal }: Rotate | Deliver,
  run: Run,
): Promise<Done> {
  const former = markerOf(live)
  run.checkpoint('before-regenerate')
  const { key, secret } = await run.platform.regenerate(live.id, {
    ifMatch: live.version,
    idempotencyKey: regenerationKey(former, generation),
  })
  run.checkpoint('after-regenerate')
  const shown = visibleEnd(key.maskedKey)
  if (secret === null || !endsAgree(shown, secret.end(shown.length))) {
    throw new Failure(
      'failed',
      `The platform regenerated ${live.id}, but its answer does not hold the new secret.`,
      {
        hints: ['Its stores hold a dead secret now. Run apply again: it regenerates the key once more.'],
      },
    )
  }
  const places: string[] = []
  const stores = storesOf(desired, run)
  for (const open of stores.filter(({ store }) => store.readable))
    places.push(await putInto(open, secret, run))
  await requireWorking(secret, key, run)
  for (const open of stores.filter(({ store }) => !store.readable))
    places.push(await putInto(open, secret, run))

  const marker = { ...former, generation }
  const wanted = fieldChanges(desired, { live: key, marker }, run.clock())
  const { fields } = sparingCaller(desired.keyId, { live: key, marker }, wanted, run)
  const graceUntil = former.state.kind === 'delivered' ? former.state.graceUntil : run.clock()
  const done = await markDelivered({ live: key, marker }, desired, { fields, graceUntil, removal }, run)
  return { action: 'rotated', liveId: live.id, places, ...done }
}
