import type { DesiredKey, DesiredState } from './desired.ts'
import type { Instant } from './duration.ts'
import { permissionSet } from './permission.ts'
import { scopeOf } from './scope.ts'
import { type TemporaryGrant, hasEnded } from './temporary-grant.ts'

/** A key as it is declared to be at a moment: with the temporary grants that have not ended then. */
export function keyAt(key: DesiredKey, now: Instant): DesiredKey {
  if (key.grants.length === 0) return key
  const active = key.grants.filter(grant => !hasEnded(grant, now))
  if (active.length === 0) return key
  const namesOf = (kind: TemporaryGrant['kind']) =>
    active.filter(grant => grant.kind === kind).map(({ name }) => name)
  return {
    ...key,
    permissions: permissionSet([...key.permissions, ...namesOf('permission')]),
    scope: key.scope === 'all' ? 'all' : scopeOf([...key.scope, ...namesOf('project')]),
  }
}

/** The configuration as it is to be carried out at a moment. Of what it gives back nothing is taken at a later moment. */
export function stateAt(desired: DesiredState, now: Instant): DesiredState {
  if (desired.keys.every(({ grants }) => grants.length === 0)) return desired
  return { ...desired, keys: desired.keys.map(key => keyAt(key, now)) }
}
