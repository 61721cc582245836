import type { DeliveryReason } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { type DeclaredStore, isSamePlace, storeLabel } from '../model/store.ts'
import { staleness } from '../lifecycle/health.ts'
import { type ManagedKey, deliveredAt } from '../lifecycle/lineage.ts'

/** Why a head's secret has to be delivered again; empty where its stores hold the secret that works. */
export function deliveryReasons(
  desired: DesiredKey,
  head: ManagedKey,
  overtaken: ManagedKey | null,
): readonly DeliveryReason[] {
  const { marker } = head
  if (marker.state.kind !== 'delivered') return []
  const reasons: DeliveryReason[] = []
  const stale = staleness(head)
  if (stale !== null) reasons.push(stale)
  const at = overtaken === null ? null : deliveredAt(overtaken)
  if (overtaken !== null && at !== null) reasons.push({ code: 'overtaken', by: overtaken.live.id, at })
  const missing = desired.stores.filter(store => !marker.stores.includes(store.hash))
  const isChanged = ({ hash }: DeclaredStore) => marker.stores.some(before => isSamePlace(hash, before))
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
