import type { DeliveryReason } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { minute } from '../model/duration.ts'
import { endsAgree, regeneratedAt, visibleEnd } from '../model/live-key.ts'
import { presetOf } from '../model/preset.ts'
import type { FormerStore } from '../model/removal.ts'
import { type DeclaredStore, type StoreSpec, storeLabel } from '../model/store.ts'
import { type ManagedKey, deliveredAt } from '../model/lineage.ts'

/** Marker times are whole seconds and regeneration may share one with the delivery that follows it. */
const clockGrain = minute

/** Why a head's secret has to be delivered again; empty where its stores hold the secret that works. */
export function deliveryReasons(
  desired: DesiredKey,
  { live, marker }: ManagedKey,
  overtaken: ManagedKey | null,
  former: readonly FormerStore[],
): readonly DeliveryReason[] {
  if (marker.state.kind !== 'delivered') return []
  const reasons: DeliveryReason[] = []
  const end = visibleEnd(live.maskedKey)
  const regenerated = regeneratedAt(live)
  if (!endsAgree(marker.state.visibleEnd, end)) {
    reasons.push({ code: 'stale', delivered: marker.state.visibleEnd, live: end })
  } else if (regenerated !== null && regenerated > marker.state.at + clockGrain) {
    reasons.push({ code: 'regenerated-elsewhere', at: regenerated })
  }
  const at = overtaken === null ? null : deliveredAt(overtaken)
  if (overtaken !== null && at !== null) reasons.push({ code: 'overtaken', by: overtaken.live.id, at })
  const missing = desired.stores.filter(store => !marker.stores.includes(store.hash))
  const isChanged = ({ hash }: DeclaredStore) =>
    former.some(({ now, hash: before }) => now === hash && marker.stores.includes(before))
  const say = (code: 'store-added' | 'store-changed', stores: readonly DeclaredStore[]) => {
    if (stores.length > 0) reasons.push({ code, stores: stores.map(({ spec }) => storeLabel(spec)) })
  }
  say(
    'store-added',
    missing.filter(store => !isChanged(store)),
  )
  say('store-changed', missing.filter(isChanged))
  return reasons
}

/** A store that can tell the secret it holds. One with a fallback can only where both can. */
export function isReadable(spec: StoreSpec): boolean {
  switch (spec.kind) {
    case 'keychain':
      return spec.fallback === null || isReadable(spec.fallback)
    case 'env-file':
      return true
    case 'age-file':
      return spec.identity !== null
    case 'exec':
      return spec.get !== null
    case 'preset':
      return presetOf(spec.preset).readable
  }
}

/** A store that can give a secret up again. */
export function isRemovable(spec: StoreSpec): boolean {
  switch (spec.kind) {
    case 'keychain':
      return spec.fallback === null || isRemovable(spec.fallback)
    case 'env-file':
    case 'age-file':
    case 'preset':
      return true
    case 'exec':
      return spec.remove !== null
  }
}
