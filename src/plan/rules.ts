import { type ManagedKey, isAlone, isEmpty, markedLast } from '../lifecycle/lineage.ts'
import type { RotationReason } from '../model/change.ts'
import { adopt, needlessAdoption, rotateByHand } from './adopt.ts'
import { breakGlass, emergencyFindings } from './emergency-grant.ts'
import { deliveryReasons, overtakenBy } from './delivery.ts'
import { rotationReasons } from '../lifecycle/due.ts'
import { type Decision, type Facts, type KeyCase, nothing, only, together } from './facts.ts'
import { takenOver } from './foreign-host.ts'
import { heal, isAbandoned, unfinished } from './heal.ts'
import { replaceLostHead } from './lost-head.ts'
import { makeFirst, replaceFormer } from './make.ts'
import { type RenewalReasons, renew } from './renew.ts'
import { fieldsToUpdate, granted, narrowOf, proofToday, retireFor, updateOf } from './plan-update.ts'

/** What has to happen to one declared key. Null: the rule does not speak of it. */
type Rule = (key: KeyCase, facts: Facts) => Decision | null

const noReasons: readonly never[] = []

/** Somebody asked for a rotation; a leak is a reason of its own, since it leaves the old key no grace. */
function requestedReasons({ desired }: KeyCase, { options }: Facts): readonly RotationReason[] {
  const request = options.rotate.get(desired.keyId)
  if (request === undefined) return noReasons
  const requested: RotationReason = { code: 'requested', note: request.note }
  return request.leaked ? [{ code: 'leaked' }, requested] : [requested]
}

function isCalledLeaked(key: KeyCase, facts: Facts): boolean {
  return requestedReasons(key, facts).some(({ code }) => code === 'leaked')
}

/** A key that would get more, and only says that it is ours, is replaced by one that we make. */
function unprovenReasons({ desired }: KeyCase, head: ManagedKey, facts: Facts): readonly RotationReason[] {
  if (proofToday(desired, head.live, facts) !== null) return noReasons
  const fields = granted(fieldsToUpdate(desired, head, facts).fields)
  return fields.length === 0 ? noReasons : [{ code: 'unproven', fields }]
}

/** Why the key that consumers have is replaced, or its secret delivered once more. */
export function renewalReasons(key: KeyCase, replaced: ManagedKey, facts: Facts): RenewalReasons {
  const { desired, lineage } = key
  const { now, slots } = facts
  // Nobody rotates an adopted key unasked.
  const isAdopted = replaced.marker.state.kind === 'external'
  const due = isAdopted ? noReasons : rotationReasons(desired, replaced.live, slots.get(desired.keyId), now)
  const unproven = isAdopted ? noReasons : unprovenReasons(key, replaced, facts)
  const requested = requestedReasons(key, facts)
  const again = deliveryReasons(desired, replaced, overtakenBy(lineage, desired.keyId, facts.options))
  const taken = takenOver(desired, replaced, facts)
  // Nearly every key has none.
  if (due.length + unproven.length + requested.length + again.length + taken.length === 0) return noRenewal
  return { rotation: [...due, ...unproven, ...requested], delivery: [...again, ...taken] }
}

const noRenewal: RenewalReasons = { rotation: noReasons, delivery: noReasons }

const adoptNamed: Rule = (key, facts) =>
  key.desired.adopt !== null && isEmpty(key.lineage) ? adopt(key.desired, key.desired.adopt, facts) : null

/** A new secret would be dead before it is delivered; a guard warns of the date. */
const leaveAfterDate: Rule = (key, facts) => {
  const { expires } = key.desired
  if (expires.kind !== 'until' || expires.at > facts.now) return null
  const { head } = key.lineage
  return head === null ? nothing : updateOf(key, head, facts)
}

/** What leaked is not finished: it gives way to another key. */
const healPending: Rule = (key, facts) => {
  const pending = unfinished(key.lineage, facts)
  if (pending.length === 0 || isCalledLeaked(key, facts)) return null
  const healed = heal(key, pending, facts)
  const { head } = key.lineage
  if (head === null) return healed
  const isReplaced = healed.changes.length > 0
  return together(healed, isReplaced ? narrowOf(key, head, facts) : updateOf(key, head, facts))
}

/** Nothing is known to be what the stores hold. */
const leadAnew: Rule = (key, facts) => {
  const { head, pending, rivals, retiring, leaked } = key.lineage
  if (head !== null) return null
  const newest = rivals[0] ?? pending[0] ?? retiring[0]
  if (newest !== undefined && isCalledLeaked(key, facts))
    return renew(key, newest, renewalReasons(key, newest, facts), facts)
  const requested = requestedReasons(key, facts)
  const [rival] = rivals
  if (rival !== undefined) {
    const liveIds = rivals.map(({ live }) => live.id)
    return replaceFormer(key, rival, [{ code: 'several-heads', liveIds }, ...requested], facts)
  }
  const [known] = leaked
  if (known !== undefined) return replaceFormer(key, known, [{ code: 'leaked' }], facts)
  const retired = markedLast(retiring, facts.now)
  return retired === undefined ? makeFirst(key) : replaceLostHead(key, retired, requested, facts)
}

const renewHead: Rule = (key, facts) => {
  const { head } = key.lineage
  if (head === null) return null
  const found = renewalReasons(key, head, facts)
  const reasons = facts.deferred.has(key.desired.keyId) ? noRenewal : found
  const isDue = reasons.rotation.length > 0 || reasons.delivery.length > 0
  return isDue ? renew(key, head, reasons, facts) : null
}

const updateHead: Rule = (key, facts) => {
  const { head } = key.lineage
  if (head === null) return null
  const update = updateOf(key, head, facts)
  if (key.lineage.rivals.length === 0) return update
  return together(update, ...key.lineage.rivals.map(each => retireFor(head, key, each, facts)))
}

/** The first that speaks of a key decides what happens to its head. */
const rules: readonly Rule[] = [adoptNamed, leaveAfterDate, healPending, leadAnew, renewHead, updateHead]

/** What has to happen to one declared key, and what is to be said of it, the retirement of predecessors aside. */
export function decideKey(key: KeyCase, facts: Facts): Decision {
  const { desired, lineage } = key
  const emergency = breakGlass(key, facts)
  if (emergency !== null) return emergency
  for (const rule of rules) {
    const decision = rule(key, facts)
    if (decision === null) continue
    const remarks = [...needlessAdoption(desired, lineage, facts), ...rotateByHand(desired, lineage, facts)]
    const granted = emergencyFindings(key, facts)
    // Nearly every key.
    if (isAlone(lineage) && remarks.length === 0 && granted === nothing) return decision
    const abandoned = lineage.pending.filter(each => isAbandoned(each, lineage, facts))
    const kin = [...lineage.retiring, ...lineage.leaked, ...abandoned].map(each => narrowOf(key, each, facts))
    return together(decision, ...kin, only(...remarks), granted)
  }
  return nothing
}

/**
 * Once a decision is carried out, is the head's secret known to be in all its stores? Only then its predecessors may go.
 * A date that is past makes no successor, so it keeps none but one whose secret a store holds.
 */
export function headIsDelivered(key: KeyCase, { changes }: Decision, facts: Facts): boolean {
  const { head } = key.lineage
  const provisions = changes.some(({ kind }) => kind === 'rotate' || kind === 'deliver' || kind === 'heal')
  if (provisions) return true
  if (head === null || unfinished(key.lineage, facts).length > 0) return false
  if (leaveAfterDate(key, facts) !== null)
    return overtakenBy(key.lineage, key.desired.keyId, facts.options) === null
  return renewalReasons(key, head, facts).delivery.length === 0
}
