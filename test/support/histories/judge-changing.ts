import type { LiveKey } from '../../../src/model/live-key.ts'
import { permissionsBeyond } from '../../../src/model/permission.ts'
import { reachesBeyond } from '../../../src/model/scope.ts'
import type { KeyPatch } from '../../../src/platform/types.ts'
import { markerOf } from '../invariants.ts'
import type { Deed } from './deed.ts'
import { declaredKey } from './heads.ts'
import { type HistoryWorld, breaks } from './world.ts'

export function judgeRegenerating(
  id: string,
  keys: readonly LiveKey[],
  deed: Deed,
  world: HistoryWorld,
): void {
  const live = keys.find(key => key.id === id)
  if (live === undefined) return
  const marker = markerOf(live)
  const key = marker === null ? null : declaredKey(deed.desired, marker.keyId)
  const wrong =
    marker?.stack !== deed.desired.stack || key === null
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

/** Its own, or free to be taken over and asked for. */
function mayUpdate({ desired, born }: Deed, live: LiveKey, patch: KeyPatch): boolean {
  const marker = markerOf(live)
  if (born.has(live.id)) return true
  if (live.ownership.kind === 'unreadable') return false
  const free = marker === null || marker.state.kind === 'released'
  if (!free) return marker.stack === desired.stack
  const adopter = patch.description?.marker
  return desired.keys.some(
    ({ keyId, adopt }) => keyId === adopter?.keyId && (adopt === live.id || adopt === live.name),
  )
}

export function judgeUpdating(
  id: string,
  patch: KeyPatch,
  keys: readonly LiveKey[],
  deed: Deed,
  world: HistoryWorld,
): void {
  const live = keys.find(key => key.id === id)
  if (live === undefined) return
  const says = (wrong: string) =>
    breaks(world, `${deed.desired.stack} updates ${id} (${live.name}), but ${wrong}`)
  if (!mayUpdate(deed, live, patch)) says('it is not its own')
  const { permissions, scope, expiresAt } = patch
  if (expiresAt !== undefined && expiresAt !== null && expiresAt <= world.backend.now) says('ends it at once')
  if (id !== deed.callerId) return
  if (permissions !== undefined && permissionsBeyond(live.permissions, permissions).length > 0)
    says('it narrows the calling key')
  if (scope !== undefined && reachesBeyond(live.scope, scope)) says('it narrows the calling key')
}
