import type { DeliveryReason } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Finding } from '../model/finding.ts'
import type { ManagedKey } from '../lifecycle/lineage.ts'
import type { Facts } from './facts.ts'
import { isHere } from './place.ts'

type HostAction = Extract<Finding, { code: 'other-host' }>['action']

/** Local stores belong to one place: a warning where that is elsewhere, on another host or at another path, else null. */
export function foreignHost(
  { keyId }: DesiredKey,
  key: ManagedKey,
  action: HostAction,
  { options }: Pick<Facts, 'options'>,
): Finding | null {
  if (options.takeOver || !options.localKeys.has(keyId) || isHere(keyId, key, options)) return null
  return { severity: 'warning', code: 'other-host', keyId, liveId: key.live.id, action }
}

const none: readonly DeliveryReason[] = []

/** Whoever takes a key over wants its secret here, due or not. */
export function takenOver(
  { keyId }: DesiredKey,
  key: ManagedKey,
  { options }: Pick<Facts, 'options'>,
): readonly DeliveryReason[] {
  if (!options.takeOver || !options.localKeys.has(keyId) || key.marker.state.kind !== 'delivered') return none
  return isHere(keyId, key, options) ? none : [{ code: 'taken-over' }]
}
