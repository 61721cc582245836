import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import { transition } from '../lifecycle/transitions.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import type { Removal } from '../model/removal.ts'
import type { Secret } from '../model/secret.ts'
import type { Issued } from '../platform/types.ts'
import { MarkerLost, isOwn, keepsMarker, otherKey, unlikeIssued } from './answers.ts'
import { idempotencyKey, newKey } from './markers.ts'
import type { Run } from './run.ts'
import { withdraw } from './withdraw.ts'

/** A key that exists, is marked `pending`, and whose secret is in this process and nowhere else. */
export interface Undelivered {
  readonly live: LiveKey
  readonly marker: Marker
  readonly secret: Secret
}

/** Makes the next generation of a key. A key that is not as asked for is revoked again before this rejects. */
export async function issue(
  desired: DesiredKey,
  generation: number,
  removal: Removal,
  run: Run,
): Promise<Undelivered> {
  const marker = transition(null, {
    kind: 'made',
    stack: run.desired.stack,
    desired,
    generation,
    nonce: run.nonce(),
    host: run.options.host,
    formerStores: [...removal.from.map(({ hash }) => hash), ...removal.left],
  })
  const issued = await run.platform.create(newKey(desired, marker), idempotencyKey(marker))
  if (!isOwn(issued.key, desired, marker, run)) throw otherKey(issued.key, desired)
  run.known.add(issued.key.id)
  const fault = faultOf(issued, desired, marker)
  if (fault !== null) throw await withdraw(issued.key, fault, run)
  return { live: issued.key, marker, secret: secretOf(issued) }
}

function faultOf(issued: Issued, desired: DesiredKey, marker: Marker): Failure | null {
  if (!keepsMarker(issued.key, marker)) return new MarkerLost(issued.key)
  const what = unlikeIssued(issued, desired)
  return what === null
    ? null
    : new Failure('failed', `The platform made ${issued.key.id} for ${desired.keyId}, but ${what}.`)
}

function secretOf({ secret }: Issued): Secret {
  if (secret === null) throw new TypeError('unreachable: an answer without a secret is a fault')
  return secret
}
