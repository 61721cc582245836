import { isBound } from '../lifecycle/binding.ts'
import { transition } from '../lifecycle/transitions.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { type Removal, noRemoval } from '../model/removal.ts'
import type { Secret } from '../model/secret.ts'
import type { Provision } from '../model/verb.ts'
import type { CreateRequest, Issued, NewKey } from '../platform/types.ts'
import { MarkerLost, isOwn, keepsMarker, unlikeIssued } from './answers.ts'
import { placeOf } from '../plan/place.ts'
import { idempotencyKey, newKey } from './markers.ts'
import type { ApplyPlatform, Run } from './run.ts'
import { withdraw } from './withdraw.ts'
import { patchMarked } from './write.ts'

/** A key that exists, and whose secret is in this process and nowhere else. */
export interface NewSecret {
  readonly live: LiveKey
  readonly secret: Secret
}

/** One that is marked `pending`, made for a change. */
export interface Undelivered extends NewSecret {
  readonly change: Provision
  readonly marker: Marker
}

/** What making a key needs from outside. */
export interface Maker {
  readonly platform: Pick<ApplyPlatform, 'create' | 'revoke'>
  /** The ids of keys that this run knows not to be this one; it comes to know the new one. */
  readonly known: Set<string>
}

/** What to say of a key that is not the one that was asked for, and what one was made for, in words. */
export interface Purpose {
  readonly made: (live: LiveKey) => string
  readonly other: (live: LiveKey) => Failure
}

/**
 * Makes a key: what was last asked for is what was sent. One that is not as asked for is revoked again before this rejects.
 */
export async function makeKey<Request extends CreateRequest>(
  ask: () => Request,
  purpose: Purpose,
  maker: Maker,
): Promise<{ readonly request: Request; readonly made: NewSecret }> {
  let request = ask()
  const issued = await maker.platform.create(request.key, request.idempotencyKey, () => (request = ask()))
  const asked = request.key
  const { key: live, secret } = issued
  if (!isOwn(live, asked, maker.known)) throw purpose.other(live)
  maker.known.add(live.id)
  const fault = faultOf(issued, asked, purpose)
  if (fault !== null || secret === null)
    throw await withdraw(live, fault ?? new Failure('failed', 'The secret is missing.'), maker)
  return { request, made: { live, secret } }
}

function faultOf(issued: Issued, asked: NewKey, { made }: Purpose): Failure | null {
  if (asked.marker !== null && !keepsMarker(issued.key, asked.marker)) return new MarkerLost(issued.key)
  // Without a marker it is only a note: a platform that keeps none makes a key that is as good.
  const description = asked.marker === null && issued.key.description === '' ? '' : asked.description
  const what = unlikeIssued(issued, { ...asked, description })
  return what === null ? null : new Failure('failed', `The platform made ${made(issued.key)}, but ${what}.`)
}

/** What a change takes out of stores; a first key has no store that lost it. */
export function removalOf(change: Provision): Removal {
  return change.kind === 'create' ? noRemoval : change.removal
}

/** The keys that a successor takes the place of; a first key has none. */
export function predecessorsOf(change: Provision): readonly LiveKey[] {
  return change.kind === 'create' ? [] : change.predecessors
}

/** Makes the next generation of a key. */
export async function makeGeneration(change: Provision, run: Run): Promise<Undelivered> {
  const { desired, generation } = change
  if (generation === null) throw new TypeError('unreachable: it has no source that makes a key')
  const removal = removalOf(change)
  // Its moment has to agree with the creation of the key, and a wait for budget may lie between.
  const ask = () => {
    const event = {
      kind: 'made',
      stack: run.desired.stack,
      desired,
      generation,
      nonce: run.nonce(),
      at: run.clock(),
      host: placeOf(desired.keyId, run.options),
      formerStores: [...removal.from.map(({ hash }) => hash), ...removal.left],
    } as const
    const marker = transition(null, event, null)
    return { marker, key: newKey(desired, marker), idempotencyKey: idempotencyKey(marker) }
  }
  const purpose: Purpose = {
    made: ({ id }) => `${id} for ${desired.keyId}`,
    other: ({ id }) =>
      new Failure(
        'failed',
        `The platform says it made ${id} for ${desired.keyId}, but that is another key.`,
        {
          hints: [
            `${id} was left as it is. Does a proxy give the answer to another request?`,
            'The key that was made, if any, is marked as pending: the next apply sees to it.',
          ],
        },
      ),
  }
  const { request, made } = await makeKey(ask, purpose, run)
  return { change, ...(await bound(made.live, request.marker, desired, run)), secret: made.secret }
}

/** Where clocks differ much, a new key looks like one that carries a copied marker: it is bound at once. */
async function bound(
  live: LiveKey,
  marker: Marker,
  desired: DesiredKey,
  run: Run,
): Promise<Pick<Undelivered, 'live' | 'marker'>> {
  if (isBound(marker, live)) return { live, marker }
  const next = transition(marker, { kind: 'bound' }, live.id)
  try {
    const note = { description: desired.description, marker: next, proven: false }
    return { live: await patchMarked(live, {}, note, run), marker: next }
  } catch (cause) {
    throw await withdraw(live, cause, run)
  }
}
