import { endsAgree, visibleEnd } from '../../../src/model/live-key.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import { declaredKey, familyOf, markedBy, topOf } from './heads.ts'
import type { Watch } from './watched.ts'
import { type HistoryWorld, breaks } from './world.ts'

/** Its stores held the secret that works, and nobody asked for another one. */
function isHealthy(keyId: string, { desired, options }: Watch, keys: readonly LiveKey[]): boolean {
  const key = declaredKey(desired, keyId)
  if (key === null || options.rotate.has(key.keyId)) return false
  const family = familyOf(key, markedBy(desired.stack, keys))
  const top = topOf(family)
  if (top?.marker.state.kind !== 'delivered') return false
  const { live, marker } = top
  const pending = family.some(
    each => each.marker.state.kind === 'pending' && each.marker.generation > marker.generation,
  )
  return (
    !pending &&
    endsAgree(top.marker.state.visibleEnd, visibleEnd(live.maskedKey)) &&
    (key.environment === null || key.environment === live.environment) &&
    key.stores.every(({ hash }) => marker.stores.includes(hash))
  )
}

/**
 * What a run that was not allowed more did to the keys that it found: it revoked at most max(2, 25%) of those that nothing declares, and
 * rotated at most as many of those that nothing was wrong with but their age.
 */
export function judgeLimits(watch: Watch, keys: readonly LiveKey[], world: HistoryWorld): void {
  const { desired, options, born, died } = watch
  const marked = markedBy(desired.stack, keys)
  const { always, revoke, rotate } = desired.limits
  const allowed = (share: number, raised: number | null) =>
    Math.max(always, Math.floor(share * marked.length), raised ?? 0)

  const revoked = keys.filter(live => {
    if (!died.has(live.id) || born.has(live.id)) return false
    const own = marked.find(each => each.live.id === live.id)
    return own === undefined || declaredKey(desired, own.marker.keyId) === null
  })
  if (revoked.length > allowed(revoke, options.maxRevoke))
    breaks(world, `${revoked.length} of ${marked.length} keys are revoked`)

  const rotated = new Set(watch.rotated.filter(keyId => isHealthy(keyId, watch, keys)))
  if (rotated.size > allowed(rotate, options.maxRotate))
    breaks(world, `${rotated.size} of ${marked.length} keys are rotated`)
}
