import { type Instant, type Milliseconds, day } from '../../../src/model/duration.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import type { Marker } from '../../../src/model/marker.ts'
import { markerOf } from '../invariants.ts'
import type { Deed } from './deed.ts'
import { isPasted, pastedMarker } from './judge-changing.ts'
import { consumedPlaces, declaredKey, familyOf, headsOf, isOwn, markedBy, topOf } from './heads.ts'
import { filePlace, sites } from './sites.ts'
import { type HistoryWorld, breaks, holderOf } from './history-world.ts'

const handover = 30 * day

/** Unmanaged: without a marker, or given up so long ago that nobody waits for it. */
function isStray(live: LiveKey, now: Instant): boolean {
  const marker = markerOf(live)
  if (marker === null) return live.ownership.kind === 'unmanaged'
  return marker.state.kind === 'released' && now - marker.state.at >= handover - day
}

/** The use that the platform shows keeps this key; our own look before its delivery is none. */
function isInUse(
  { id, lastUse, ownership }: LiveKey,
  quiet: Milliseconds,
  { backend: { now }, slack, uses }: HistoryWorld,
): boolean {
  const used = uses.get(id)
  if (used !== undefined && now - used < quiet - slack) return true
  if (!lastUse.known || lastUse.at === null) return false
  const isMadeHere = ownership.kind === 'managed' && ownership.marker.state.kind !== 'external'
  if (isMadeHere && /^fluxloop-keys\/.* \(before delivery\)$/.test(lastUse.userAgent ?? '')) return false
  return now - lastUse.at < quiet - slack
}

/** Nobody finished it for a day, and no store that the run could read has it: another machine's may. */
export function isAbandoned(
  { id, createdAt }: LiveKey,
  { stored }: Pick<Deed, 'stored'>,
  { backend: { now }, slack }: HistoryWorld,
): boolean {
  return now - createdAt >= day - slack && !stored.has(id)
}

/** It retires without having been delivered, and nobody is known to have used it. */
function wasNeverReceived({ lastUse }: LiveKey, { state }: Marker): boolean {
  if (state.kind !== 'retiring' || state.delivered !== null) return false
  return lastUse.known && lastUse.at === null
}

/** Why a revocation breaks a promise; null where it keeps all of them. */
function wrongInRevoking(
  live: LiveKey,
  keys: readonly LiveKey[],
  deed: Deed,
  world: HistoryWorld,
): string | null {
  const { desired, options, callerId, born, stored } = deed
  const { now } = world.backend
  const { slack } = world
  const { prune } = desired
  const marker = isPasted(live, deed) ? pastedMarker(live) : markerOf(live)
  const waived = (keyId: string) => options.revokeInUse.some(each => each === keyId || each === live.id)
  if (live.id === callerId) return 'it is the calling key'
  const held = [...world.places].filter(([, secret]) => holderOf(world, secret, keys)?.id === live.id)
  // A key that this very run made, and nobody received, is its own to take back, whatever somebody did to its marker meanwhile.
  if (born.has(live.id) && marker === null && held.length === 0) return null
  if (live.ownership.kind === 'unreadable') return 'its marker cannot be read'
  if (
    isStray(live, now) &&
    (marker === null || !isOwn(desired, marker) || marker.state.kind === 'released')
  ) {
    if (desired.keys.length === 0) return 'nothing is declared'
    const kept = prune.keep.some(
      each => each === live.id || each === live.name || (each === 'Y*' && live.name.startsWith('Y')),
    )
    if (kept) return 'it is kept'
    const unused =
      prune.unused?.action === 'revoke' &&
      now - (live.regeneratedAt ?? live.createdAt) >= prune.unused.after - slack
    if (prune.unmanaged !== 'revoke' && !unused) return 'it is nobody’s'
    return isInUse(live, prune.quiet, world) && live.status === 'active' && !waived(live.id)
      ? 'it is in use'
      : null
  }
  if (marker === null || !isOwn(desired, marker)) return 'another stack owns it'
  if (marker.state.kind === 'released') return 'it is released'
  const beyondUse = live.status === 'expired' || marker.state.kind === 'leaked'
  const key = declaredKey(desired, marker.keyId)
  if (key === null) {
    if (desired.keys.length === 0) return 'nothing is declared'
    if (marker.protected) return 'it is protected'
    const quiet = isInUse(live, prune.quiet, world) && !beyondUse && !waived(marker.keyId)
    return quiet ? 'it is in use' : null
  }
  const family = familyOf(key, markedBy(desired, keys))
  const top = topOf(family)
  const consumed = new Set(
    top === null
      ? sites.flatMap(site => consumedPlaces(key, { marker: { ...marker, host: filePlace(site) } }))
      : consumedPlaces(key, top),
  )
  // What was put back from a backup is only seen where it can be read.
  const isSeen = (each: string) => !world.restored.has(each) || stored.has(live.id)
  const place = held.find(([each]) => consumed.has(each) && isSeen(each))
  // Somebody tore the marker from the head that this run made: what it names tells nothing of consumers.
  const isTorn = keys.some(({ id, ownership }) => born.has(id) && ownership.kind !== 'managed')
  if (marker.state.kind === 'pending' && isAbandoned(live, deed, world) && headsOf(family).length > 0)
    return isInUse(live, key.rotation.quiet, world) && !waived(key.keyId) ? 'it is in use' : null
  if (place !== undefined && !isTorn) return `consumers read its secret in ${place[0]}`
  if (born.has(live.id) || marker.state.kind === 'pending' || wasNeverReceived(live, marker)) {
    const sealed = key.stores.some(({ spec }) => spec.kind === 'age-file' && spec.identity === null)
    const isOld = headsOf(family).length > 0 && now - live.createdAt >= day - slack
    if (isOld && isInUse(live, key.rotation.quiet, world) && !waived(key.keyId)) return 'it is in use'
    return held.some(([each]) => each.includes('.sealed')) && sealed && !isOld
      ? 'a sealed store has its secret'
      : null
  }
  const succeeded = headsOf(family.filter(({ live: { id } }) => id !== live.id)).length > 0
  if (!succeeded && marker.state.kind !== 'leaked') return 'it has no delivered successor'
  if (beyondUse) return null
  const asked = options.rotate.get(key.keyId)
  if (asked?.leaked === true) return null
  if (marker.state.kind !== 'retiring') return 'it was not marked as retiring'
  if (now < marker.state.graceUntil - slack) return 'its marker gives it more time'
  const gone = [...world.issued].flatMap(([secret, id]) =>
    id === live.id ? (world.replaced.get(secret) ?? []) : [],
  )
  const early = gone.find(({ at, grace }) => now < at + grace - slack)
  if (early !== undefined)
    return `its grace is not over: its secret was replaced ${(now - early.at) / 3_600_000} hours ago`
  return isInUse(live, key.rotation.quiet, world) && !waived(marker.keyId) && !waived(key.keyId)
    ? 'it is in use'
    : null
}

/** `looks`: the platform as it is, and as the run saw it last. What changed in between nobody can know. */
export function judgeRevoking(
  id: string,
  looks: readonly (readonly LiveKey[])[],
  deed: Deed,
  world: HistoryWorld,
): void {
  const wrongs = looks.flatMap(keys => {
    const live = keys.find(key => key.id === id)
    return live === undefined ? [] : [wrongInRevoking(live, keys, deed, world)]
  })
  const [wrong] = wrongs
  // It was gone already.
  if (looks[0]?.every(key => key.id !== id) === true) return
  if (wrong !== null && wrong !== undefined && !wrongs.includes(null))
    breaks(world, `${deed.desired.stack} revokes ${id}, but ${[...new Set(wrongs)].join('; ')}`)
}
