import type { Instant } from '../../../src/model/duration.ts'
import type { DesiredKey } from '../../../src/model/desired.ts'
import { permissionsBeyond } from '../../../src/model/permission.ts'
import { reachesBeyond } from '../../../src/model/scope.ts'
import { type LiveKey, endsAgree, secretMadeAt, visibleEnd } from '../../../src/model/live-key.ts'
import { declaredKey, familyOf, headsOf, markedBy, topOf } from './heads.ts'
import type { Watch } from './watched.ts'
import { type HistoryWorld, breaks } from './history-world.ts'

/** Its stores held the secret that works, and nobody asked for another one. */
function isHealthy(keyId: string, { desired, options }: Watch, keys: readonly LiveKey[]): boolean {
  const key = declaredKey(desired, keyId)
  // Whoever takes keys over has asked for it.
  if (key === null || options.takeOver || options.rotate.has(key.keyId)) return false
  const family = familyOf(key, markedBy(desired, keys))
  const top = topOf(family)
  if (top?.marker.state.kind !== 'delivered') return false
  const { live, marker } = top
  const pending = family.some(each => each.marker.state.kind === 'pending')
  return (
    !pending &&
    live.status === 'active' &&
    headsOf(family).length === 1 &&
    !isWidened(key, live) &&
    endsAgree(top.marker.state.visibleEnd, visibleEnd(live.maskedKey)) &&
    (key.environment === null || key.environment === live.environment) &&
    key.stores.every(({ hash }) => marker.stores.includes(hash))
  )
}

/** What should get more, and is not proven, is replaced for that. */
function isWidened({ scope, permissions }: DesiredKey, live: LiveKey): boolean {
  return permissionsBeyond(permissions, live.permissions).length > 0 || reachesBeyond(scope, live.scope)
}

/** Its end is so near that its rotation must not wait. */
function isUrgent(keyId: string, { desired }: Watch, keys: readonly LiveKey[], now: Instant): boolean {
  const key = declaredKey(desired, keyId)
  const top = key === null ? null : topOf(familyOf(key, markedBy(desired, keys)))
  if (key?.expires.kind !== 'period' || top === null) return false
  const { expiresAt } = top.live
  if (expiresAt !== null && expiresAt <= now + key.rotation.renewBefore) return true
  return secretMadeAt(top.live) + key.expires.length <= now + key.rotation.renewBefore
}

/**
 * What a run that was not allowed more did to the keys that it found: it revoked at most max(2, 25%) of the key ids that nothing declares,
 * and rotated at most as many of those that nothing was wrong with but their age, and that could wait.
 */
export function judgeLimits(watch: Watch, keys: readonly LiveKey[], world: HistoryWorld): void {
  const { desired, options, born, died } = watch
  const marked = markedBy(desired, keys)
  const { always, revoke, rotate } = desired.limits
  const keyIds = new Set(marked.map(({ marker }) => marker.keyId))
  const allowed = (share: number, raised: number | null) =>
    Math.max(always, Math.floor(share * keyIds.size), raised ?? 0)

  const revoked = new Set(
    keys.flatMap(live => {
      if (!died.has(live.id) || born.has(live.id)) return []
      const own = marked.find(each => each.live.id === live.id)
      if (own === undefined) return [live.id]
      return declaredKey(desired, own.marker.keyId) === null ? [own.marker.keyId] : []
    }),
  )
  if (revoked.size > allowed(revoke, options.maxRevoke))
    breaks(world, `${revoked.size} of ${keyIds.size} key ids are revoked`)

  const isPatient = (keyId: string) => !isUrgent(keyId, watch, keys, world.backend.now)
  const rotated = new Set(watch.rotated.filter(keyId => isHealthy(keyId, watch, keys) && isPatient(keyId)))
  if (rotated.size > allowed(rotate, options.maxRotate))
    breaks(world, `${rotated.size} of ${keyIds.size} key ids are rotated`)
}
