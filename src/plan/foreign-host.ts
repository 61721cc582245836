import type { DesiredKey } from '../model/desired.ts'
import type { Finding } from '../model/finding.ts'
import type { ManagedKey } from '../lifecycle/lineage.ts'
import type { Facts } from './facts.ts'

type HostAction = Extract<Finding, { code: 'other-host' }>['action']

/** Local stores belong to one person's machine: a warning where that is another one, else null. */
export function foreignHost(
  { keyId }: DesiredKey,
  { live, marker }: ManagedKey,
  action: HostAction,
  { options }: Pick<Facts, 'options'>,
): Finding | null {
  const isHere = marker.host === null || marker.host === options.host
  if (isHere || options.takeOver || !options.localKeys.has(keyId)) return null
  return { severity: 'warning', code: 'other-host', keyId, liveId: live.id, action }
}
