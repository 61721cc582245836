import type { FieldChange } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { narrowing } from '../plan/fields.ts'
import { sparingCaller } from '../plan/key-plan.ts'
import type { KeyPatch } from '../platform/types.ts'
import { MarkerLost, keepsMarker } from './answers.ts'
import { markerOf } from './markers.ts'
import type { Run } from './run.ts'

/** The part of a PATCH that a plan's field changes ask for; the description goes with the marker. */
export function patchOf(fields: readonly FieldChange[]): KeyPatch {
  let patch: KeyPatch = {}
  for (const change of fields) {
    switch (change.field) {
      case 'name':
        patch = { ...patch, name: change.desired }
        break
      case 'scope':
        patch = { ...patch, scope: change.desired }
        break
      case 'permissions':
        patch = { ...patch, permissions: change.desired }
        break
      case 'expires':
        patch = { ...patch, expiresAt: change.desired }
        break
      case 'description':
      case 'protect':
        break
    }
  }
  return patch
}

/** What must not have moved between a look at a key and a write to it: everything but its use and its version. */
function substance(live: LiveKey): string {
  return JSON.stringify({ ...live, lastUse: null, version: null })
}

/** PATCHes a key as it was seen. Where its version moved, one fresh look: goes on where only its use did, else leaves it alone. */
export async function patchAsSeen(seen: LiveKey, patch: KeyPatch, run: Run): Promise<LiveKey> {
  try {
    return await run.platform.update(seen.id, patch, { ifMatch: seen.version })
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== 'conflict') throw cause
    const fresh = await run.platform.get(seen.id)
    if (substance(fresh) !== substance(seen)) {
      throw new Failure(
        'conflict',
        `${seen.id} (${seen.name}) was changed by someone else in the meantime.`,
        {
          hints: ['Nothing was overwritten. Run plan again to see what it is like now.'],
          cause,
        },
      )
    }
    return await run.platform.update(seen.id, patch, { ifMatch: fresh.version })
  }
}

/** Takes from a superseded key what its successor's declaration does not grant. The calling key keeps what it has. */
export async function narrow(live: LiveKey, desired: DesiredKey, run: Run): Promise<void> {
  const fields = narrowing(desired, { live, marker: markerOf(live) })
  const spared = sparingCaller(desired.keyId, { live, marker: markerOf(live) }, fields, run)
  if (spared.fields.length > 0) await patchAsSeen(live, patchOf(spared.fields), run)
}

/** PATCHes a key together with its marker. A platform that loses the marker gets the former description back. */
export async function patchMarked(
  seen: LiveKey,
  patch: KeyPatch,
  description: string,
  marker: Marker,
  run: Run,
): Promise<LiveKey> {
  const answer = await patchAsSeen(seen, { ...patch, description: { text: description, marker } }, run)
  if (keepsMarker(answer, marker)) return answer
  const former = seen.ownership.kind === 'managed' ? seen.ownership.marker : null
  await run.platform.update(
    seen.id,
    { description: { text: seen.description, marker: former } },
    { ifMatch: answer.version },
  )
  throw new MarkerLost(seen)
}
