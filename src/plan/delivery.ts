import type { DeliveryReason } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { PlanOptions } from './input.ts'
import { type DeclaredStore, isSamePlace, storeLabel } from '../model/store.ts'
import { staleness } from '../lifecycle/health.ts'
import type { Lineage, ManagedKey } from '../lifecycle/lineage.ts'

/** A maker that slept may have written the stores after its key was replaced: what they hold is about to end. */
export function overtakenBy(
  { head, retiring }: Lineage,
  keyId: string,
  { held }: Pick<PlanOptions, 'held'>,
): ManagedKey | null {
  const found = held.get(keyId)
  if (head === null || found === undefined || found.has(head.live.id)) return null
  return retiring.find(({ live }) => found.has(live.id)) ?? null
}

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
  if (overtaken !== null) reasons.push({ code: 'overtaken', by: overtaken.live.id })
  const missing = desired.stores.filter(store => !marker.stores.includes(store.hash))
  if (missing.length === 0) return reasons
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
