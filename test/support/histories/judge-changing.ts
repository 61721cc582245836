import { hashId } from '../../../src/lifecycle/binding.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import { permissionsBeyond } from '../../../src/model/permission.ts'
import { reachesBeyond } from '../../../src/model/scope.ts'
import type { KeyPatch } from '../../../src/platform/types.ts'
import { markerOf } from '../invariants.ts'
import type { Deed } from './deed.ts'
import { declaredKey, isOwn } from './heads.ts'
import { type HistoryWorld, breaks } from './history-world.ts'

/** A store proves that it is ours, whatever somebody pasted into its description. */
export function isPasted(
  { id, ownership }: LiveKey,
  { desired, stored }: Pick<Deed, 'desired' | 'stored'>,
): boolean {
  return ownership.kind === 'copied' && isOwn(desired, ownership.marker) && stored.has(id)
}

export const pastedMarker = ({ ownership }: LiveKey) =>
  ownership.kind === 'copied' ? ownership.marker : null

export function judgeRegenerating(
  id: string,
  keys: readonly LiveKey[],
  deed: Deed,
  world: HistoryWorld,
): void {
  const live = keys.find(key => key.id === id)
  if (live === undefined) return
  const marker = isPasted(live, deed) ? pastedMarker(live) : markerOf(live)
  const key = marker === null ? null : declaredKey(deed.desired, marker.keyId)
  const wrong =
    marker === null || !isOwn(deed.desired, marker) || key === null
      ? 'it is not its own'
      : id === deed.callerId
        ? 'it is the calling key'
        : key.protect
          ? 'it is protected'
          : key.rotation.strategy !== 'in-place'
            ? 'it is declared to rotate by overlap'
            : null
  if (wrong !== null) breaks(world, `${deed.desired.stack} regenerates ${id}, but ${wrong}`)
}

/** It lost its marker, and a retiring key of this stack names it as its successor. */
function isNamed({ id }: LiveKey, desired: Deed['desired'], keys: readonly LiveKey[]): boolean {
  return keys.some(other => {
    const marker = markerOf(other)
    return (
      marker !== null &&
      isOwn(desired, marker) &&
      marker.state.kind === 'retiring' &&
      marker.state.successor === hashId(id)
    )
  })
}

/** A permission or a project; a later end is not a widening. */
function widens(live: LiveKey, { permissions, scope }: KeyPatch): boolean {
  return (
    (permissions !== undefined && permissionsBeyond(permissions, live.permissions).length > 0) ||
    (scope !== undefined && reachesBeyond(scope, live.scope))
  )
}

/** A store here had its secret when the run began, or the configuration names its id. */
function mayGrant({ desired, stored }: Deed, { id }: LiveKey): boolean {
  return stored.has(id) || desired.keys.some(({ adopt }) => adopt === id)
}

/** Its own, or free to be taken over and asked for. */
function mayUpdate(
  { desired, born, stored }: Deed,
  live: LiveKey,
  patch: KeyPatch,
  keys: readonly LiveKey[],
): boolean {
  const marker = markerOf(live)
  if (born.has(live.id)) return true
  if (isNamed(live, desired, keys)) return true
  if (isPasted(live, { desired, stored })) return true
  const free = marker === null || marker.state.kind === 'released'
  if (!free) return isOwn(desired, marker)
  const adopter = patch.description?.marker
  return desired.keys.some(
    ({ keyId, adopt }) => keyId === adopter?.keyId && (adopt === live.id || adopt === live.name),
  )
}

/** The platform as it is, and as the run saw it: by now the run may have marked others anew, and somebody may have deleted some. */
export function judgeUpdating(
  id: string,
  patch: KeyPatch,
  keys: readonly LiveKey[],
  seen: readonly LiveKey[],
  deed: Deed,
  world: HistoryWorld,
): void {
  const live = keys.find(key => key.id === id)
  if (live === undefined) return
  const says = (wrong: string) =>
    breaks(world, `${deed.desired.stack} updates ${id} (${live.name}), but ${wrong}`)
  if (!mayUpdate(deed, live, patch, [...keys, ...seen])) says('it is not its own')
  const { permissions, scope, expiresAt } = patch
  if (expiresAt !== undefined && expiresAt !== null && expiresAt <= world.backend.now) says('ends it at once')
  if (widens(live, patch) && !deed.born.has(id) && !mayGrant(deed, live))
    says('nothing proves that it is ours, and it is given more')
  if (id !== deed.callerId) return
  if (permissions !== undefined && permissionsBeyond(live.permissions, permissions).length > 0)
    says('it narrows the calling key')
  if (scope !== undefined && reachesBeyond(live.scope, scope)) says('it narrows the calling key')
}
