import type { FieldChange } from '../model/field-change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { transition } from '../lifecycle/transitions.ts'
import { PlatformFailure } from '../platform/platform-failure.ts'
import type { KeyPatch } from '../platform/types.ts'
import { MarkerLost, isPatched, keepsMarker, unlikePatched } from './answers.ts'
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
      case 'key id':
        break
    }
  }
  return patch
}

/** What must not have moved between a look at a key and a write to it: everything but its use and its version. */
function substance(live: LiveKey): string {
  return JSON.stringify({ ...live, lastUse: null, version: null })
}

/** The write may have been carried out by a try whose answer was lost. */
function mayBeDone(cause: unknown): boolean {
  return cause instanceof PlatformFailure && cause.ambiguous
}

/** Its version moved, perhaps by a try of our own, or it could not be repeated because there is no version to guard it. */
function needsLook(cause: unknown, version: LiveKey['version']): boolean {
  if (!(cause instanceof Failure)) return false
  return cause.code === 'conflict' || (version === null && mayBeDone(cause))
}

function changedMeanwhile({ id, name }: LiveKey, cause: unknown): Failure {
  return new Failure('conflict', `${id} (${name}) was changed by someone else in the meantime.`, {
    hints: ['Nothing was overwritten. Run plan again to see what it is like now.'],
    cause,
  })
}

/**
 * Sends a PATCH for a key as it was seen. Where it may have been done, or its version moved, one fresh look decides whether
 * it is sent a second time. After that another look is worth it only where an answer of this second time was lost.
 */
async function send(seen: LiveKey, patch: KeyPatch, run: Run): Promise<LiveKey> {
  let { version } = seen
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await run.platform.update(seen.id, patch, { ifMatch: version })
    } catch (cause) {
      if (!needsLook(cause, version) || (!isFirst && !mayBeDone(cause))) throw cause
      const fresh = await run.platform.get(seen.id)
      if (isPatched(fresh, patch)) return fresh
      if (substance(fresh) !== substance(seen)) throw changedMeanwhile(seen, cause)
      if (!isFirst) throw cause
      version = fresh.version
    }
  }
}

function requirePatched(answer: LiveKey, patch: KeyPatch): LiveKey {
  const field = unlikePatched(answer, patch)
  if (field === null) return answer
  throw new Failure(
    'failed',
    `The platform updated ${answer.id} (${answer.name}), but its \`${field}\` is not what was asked for.`,
    { hints: ['Run plan again to see what it is like now.'] },
  )
}

/** PATCHes a key as it was seen. Where its version moved: goes on where only its use did, else leaves it alone. */
export async function patchAsSeen(seen: LiveKey, patch: KeyPatch, run: Run): Promise<LiveKey> {
  return requirePatched(await send(seen, patch, run), patch)
}

/** Changes a superseded key: its name, its description and its state stay as they are. */
export async function updateSuperseded(
  live: LiveKey,
  desired: DesiredKey,
  fields: readonly FieldChange[],
  run: Run,
): Promise<LiveKey> {
  const renamed = transition(markerOf(live), { kind: 'renamed', keyId: desired.keyId })
  return fields.some(({ field }) => field === 'key id')
    ? await patchMarked(live, patchOf(fields), live.description, renamed, run)
    : await patchAsSeen(live, patchOf(fields), run)
}

/** Takes from a superseded key what its successor's declaration does not grant, as planned. */
export async function narrow(
  live: LiveKey,
  desired: DesiredKey,
  fields: readonly FieldChange[],
  run: Run,
): Promise<void> {
  if (fields.length === 0) return
  await updateSuperseded(live, desired, fields, run)
}

/** PATCHes a key together with its marker. A platform that loses the marker gets the former description back. */
export async function patchMarked(
  seen: LiveKey,
  patch: KeyPatch,
  description: string,
  marker: Marker,
  run: Run,
): Promise<LiveKey> {
  const whole = { ...patch, description: { text: description, marker } }
  const answer = await send(seen, whole, run)
  if (keepsMarker(answer, marker)) return requirePatched(answer, whole)
  const former = seen.ownership.kind === 'managed' ? seen.ownership.marker : null
  const restored = await run.platform
    .update(seen.id, { description: { text: seen.description, marker: former } }, { ifMatch: answer.version })
    .then(
      () => true,
      () => false,
    )
  throw new MarkerLost(seen, restored)
}
