import { isExpired } from '../lifecycle/due.ts'
import { type Decision, type Facts, type KeyCase, nothing, only } from './facts.ts'
import { proofOf } from './find-proof.ts'
import { grantOf, isUncounted } from '../lifecycle/emergency.ts'
import { type BreakGlassRefusal, refusalOf } from '../model/break-glass.ts'
import type { Update } from '../model/change.ts'
import type { Finding } from '../model/finding.ts'
import { permissionSet, permissionsBeyond } from '../model/permission.ts'
import { noRemoval } from '../model/removal.ts'

type Cause = Extract<Finding, { code: 'break-glass-refused' }>['cause']

/**
 * One PATCH that gives the head more, at once; null where nobody asked. It gets it by the same proof as by any other update, and where there is
 * none no successor is made: that does not belong to an emergency.
 */
export function breakGlass({ desired, lineage }: KeyCase, facts: Facts): Decision | null {
  const { options, now, current } = facts
  const asked = options.breakGlass
  const { keyId } = desired
  if (asked?.keyId !== keyId) return null
  const refuse = (cause: Cause): Decision =>
    only({
      severity: 'refusal',
      code: 'break-glass-refused',
      keyId,
      permissions: asked.permissions,
      cause,
    })
  const refusal: BreakGlassRefusal | null = refusalOf(facts.desired.policy.breakGlass, current.caller, asked)
  if (refusal !== null) return refuse(refusal)
  const { head } = lineage
  if (head === null || isExpired(head.live, now)) return refuse('no-head')
  const { live } = head
  const missing = permissionsBeyond(asked.permissions, live.permissions)
  const before = grantOf(head, keyId, facts.desired, options.signed, now)
  const isLonger = before !== null && before.until > now
  if (missing.length === 0 && !isLonger) return refuse('has-it')
  const proof = proofOf(desired, live, options)
  if (proof === null) return refuse('unproven')
  const permissions = permissionSet([...live.permissions, ...asked.permissions])
  const held = isLonger ? before.permissions : []
  const grant = {
    permissions: [...new Set([...held, ...asked.permissions])].sort(),
    until: now + asked.length,
  }
  const update: Update = {
    kind: 'update',
    keyId,
    desired: { ...desired, permissions },
    live,
    superseded: false,
    fields: [
      {
        field: 'permissions',
        current: live.permissions,
        desired: permissions,
        cause: 'break-glass',
        widens: missing.length > 0,
      },
    ],
    mark: { event: 'granted', grant, reason: asked.reason },
    proof,
    removal: noRemoval,
  }
  return { changes: [update], findings: [] }
}

/** What is to be said of a grant that a head's marker records: it lasts, it asks for a rotation, or it counts for nothing. */
export function emergencyFindings({ desired, lineage: { head } }: KeyCase, facts: Facts): Decision {
  const { options, now } = facts
  const recorded = head?.marker.grant ?? null
  if (head === null || recorded === null) return nothing
  const counted = grantOf(head, desired.keyId, facts.desired, options.signed, now)
  const { permissions, until } = recorded
  const state = isUncounted(head, counted, now) ? 'not-allowed' : until > now ? 'active' : 'ended'
  return only({
    severity: 'warning',
    code: 'break-glass',
    keyId: desired.keyId,
    liveId: head.live.id,
    permissions,
    until,
    state,
  })
}
