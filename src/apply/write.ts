import { grantsNothing } from '../lifecycle/grants.ts'
import type { FieldChange } from '../model/field-change.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Note } from '../plan/planned-patch.ts'
import { fitDescription } from '../platform/marker-text.ts'
import type { KeyPatch } from '../platform/types.ts'
import { MarkerLost, isPatched, keepsMarker, unlikePatched } from './answers.ts'
import { writeAsSeen } from './as-seen.ts'
import type { ApplyPlatform, Signing } from './run.ts'

/** What a PATCH asks of the platform. */
export interface Writer {
  readonly platform: Pick<ApplyPlatform, 'get' | 'update'>
  readonly signing: Pick<Signing, 'sign'>
}

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
      case 'stack':
      case 'state':
      case 'signature':
        break
    }
  }
  return patch
}

const planAgain = 'Run plan again to see what it is like now.'

async function send(
  seen: LiveKey,
  patch: KeyPatch,
  next: string,
  { platform }: Pick<Writer, 'platform'>,
): Promise<LiveKey> {
  const write = (ifMatch: LiveKey['version']) => platform.update(seen.id, patch, { ifMatch })
  const done = (fresh: LiveKey) => (isPatched(fresh, patch) ? fresh : null)
  return await writeAsSeen(seen, { send: write, done, looksWhenLost: true, next }, platform)
}

function requirePatched(answer: LiveKey, patch: KeyPatch, next: string): LiveKey {
  const field = unlikePatched(answer, patch)
  if (field === null) return answer
  throw new Failure(
    'failed',
    `The platform updated ${answer.id} (${answer.name}), but its \`${field}\` is not what was asked for.`,
    { hints: [next] },
  )
}

/**
 * PATCHes a key as it was seen. Where its version moved: goes on where only its use did, else leaves it alone. `next`: what to do
 * where that, or the answer, is not as it should be.
 */
export async function patchAsSeen(
  seen: LiveKey,
  patch: KeyPatch,
  writer: Pick<Writer, 'platform'>,
  next = planAgain,
): Promise<LiveKey> {
  return requirePatched(await send(seen, patch, next, writer), patch, next)
}

/**
 * PATCHes a key together with its marker, signed where the team signs and it may be. A platform that loses the marker gets the former
 * description back.
 */
export async function patchMarked(
  seen: LiveKey,
  patch: KeyPatch,
  { description, marker: next, proven }: Note,
  writer: Writer,
): Promise<LiveKey> {
  const isSigned = proven || grantsNothing(next.state)
  const marker = isSigned ? writer.signing.sign(next, seen.id) : next
  const whole = { ...patch, description: { text: fitDescription(description, marker), marker } }
  const answer = await send(seen, whole, planAgain, writer)
  if (keepsMarker(answer, marker)) return requirePatched(answer, whole, planAgain)
  const former = seen.ownership.kind === 'managed' ? seen.ownership.marker : null
  const restored = await writer.platform
    .update(seen.id, { description: { text: seen.description, marker: former } }, { ifMatch: answer.version })
    .then(
      () => true,
      () => false,
    )
  throw new MarkerLost(seen, restored)
}
