import { transition } from '../lifecycle/transitions.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { type Removal, noRemoval } from '../model/removal.ts'
import type { Secret } from '../model/secret.ts'
import type { Provision } from '../model/verb.ts'
import type { Issued, NewKey } from '../platform/types.ts'
import { MarkerLost, isOwn, keepsMarker, unlikeIssued } from './answers.ts'
import { idempotencyKey, newKey } from './markers.ts'
import type { ApplyPlatform, Run } from './run.ts'
import { withdraw } from './withdraw.ts'

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

/** Makes a key. One that is not as asked for is revoked again before this rejects. */
export async function makeKey(
  asked: NewKey,
  idempotencyKey: string,
  purpose: Purpose,
  maker: Maker,
): Promise<NewSecret> {
  const issued = await maker.platform.create(asked, idempotencyKey)
  const { key: live, secret } = issued
  if (!isOwn(live, asked, maker.known)) throw purpose.other(live)
  maker.known.add(live.id)
  const fault = faultOf(issued, asked, purpose)
  if (fault !== null || secret === null)
    throw await withdraw(live, fault ?? new Failure('failed', 'The secret is missing.'), maker)
  return { live, secret }
}

function faultOf(issued: Issued, asked: NewKey, { made }: Purpose): Failure | null {
  if (asked.marker !== null && !keepsMarker(issued.key, asked.marker)) return new MarkerLost(issued.key)
  const what = unlikeIssued(issued, asked)
  return what === null ? null : new Failure('failed', `The platform made ${made(issued.key)}, but ${what}.`)
}

/** What a change takes out of stores; a first key has no store that lost it. */
export function removalOf(change: Provision): Removal {
  return change.kind === 'create' ? noRemoval : change.removal
}

/** Makes the next generation of a key. */
export async function makeGeneration(change: Provision, run: Run): Promise<Undelivered> {
  const { desired, generation } = change
  if (generation === null) throw new TypeError('unreachable: it has no source that makes a key')
  const removal = removalOf(change)
  const marker = transition(null, {
    kind: 'made',
    stack: run.desired.stack,
    desired,
    generation,
    nonce: run.nonce(),
    host: run.options.host,
    formerStores: [...removal.from.map(({ hash }) => hash), ...removal.left],
  })
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
  const made = await makeKey(newKey(desired, marker), idempotencyKey(marker), purpose, run)
  return { change, marker, ...made }
}
