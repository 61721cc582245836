import type { Deliver, Rotate } from '../model/change.ts'
import { Failure } from '../model/failure.ts'
import { type LiveKey, endsAgree, visibleEnd } from '../model/live-key.ts'
import type { Secret } from '../model/secret.ts'
import { fieldChanges } from '../plan/fields.ts'
import { sparingCaller } from '../plan/key-plan.ts'
import { PlatformFailure } from '../platform/platform-failure.ts'
import { refusesReplay } from '../platform/replay.ts'
import {
  type OpenStore,
  keyOf,
  type Puts,
  markDelivered,
  notAccepted,
  putIntoEach,
  requireAll,
  storesOf,
} from './deliver.ts'
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
  const name = regenerationKey(former, generation)
  const stores = storesOf(desired, run)
  const tried = await regenerate(live, { name, isFirst: true }, stores, run)
  // The answer may be lost for good, or the replay of one that lacks the secret, or gives one that is dead because somebody
  // regenerated the key since: ask for a new one, of the version that the key has now.
  const made =
    tried.fresh === null
      ? await regenerate(
          await run.platform.get(live.id),
          { name: `${name}-${run.nonce()}`, isFirst: false },
          stores,
          run,
        )
      : tried
  const { secret, fresh } = made
  if (secret === null) throw withoutSecret(live)
  if (fresh === null) throw notAccepted(live)
  run.checkpoint('after-whoami')
  const sealed = stores.filter(({ store }) => !store.readable)
  const rest = await putIntoEach(secret, sealed, new Set(), run)
  const places = requireAll({
    places: [...made.places, ...rest.places],
    faults: [...made.faults, ...rest.faults],
  })

  const marker = { ...former, generation }
  const wanted = fieldChanges(desired, { live: fresh, marker }, run.clock())
  const { fields } = sparingCaller(desired.keyId, { live: fresh, marker }, wanted, run)
  const graceUntil = former.state.kind === 'delivered' ? former.state.graceUntil : run.clock()
  const done = await markDelivered({ live: fresh, marker }, desired, { fields, graceUntil, removal }, run)
  return { action: 'rotated', liveId: live.id, places, ...done }
}

interface Regenerated extends Puts {
  /** Null where the answer does not hold it. */
  readonly secret: Secret | null
  /** The key as it is now: the answer may be a replay, and somebody may have edited the key since. Null: the secret is dead. */
  readonly fresh: LiveKey | null
}

const unknown: Regenerated = { secret: null, places: [], faults: [], fresh: null }

function withoutSecret({ id }: LiveKey): Failure {
  return new Failure(
    'failed',
    `The platform regenerated ${id}, but its answer does not hold the new secret.`,
    {
      hints: ['Its stores hold a dead secret now. Run apply again: it regenerates the key once more.'],
    },
  )
}

/** The version moved between two tries: by the first of them, whose answer was lost. */
function wasLost(cause: unknown): boolean {
  return cause instanceof PlatformFailure && cause.status === 412 && cause.ambiguous
}

async function regenerate(
  live: LiveKey,
  { name, isFirst }: { readonly name: string; readonly isFirst: boolean },
  stores: readonly OpenStore[],
  run: Run,
): Promise<Regenerated> {
  run.checkpoint('before-regenerate')
  const issued = await run.platform
    .regenerate(live.id, { ifMatch: live.version, idempotencyKey: name })
    .catch((cause: unknown) => {
      if (isFirst && (refusesReplay(cause) || wasLost(cause))) return null
      throw cause
    })
  run.checkpoint('after-regenerate')
  if (issued === null) return unknown
  const { key, secret } = issued
  const shown = visibleEnd(key.maskedKey)
  if (secret === null || !endsAgree(shown, secret.end(shown.length))) return unknown
  const readable = stores.filter(({ store }) => store.readable)
  const puts = await putIntoEach(secret, readable, new Set(), run)
  const fresh = await keyOf(secret, run)
  return { secret, ...puts, fresh: fresh?.id === live.id ? fresh : null }
}
