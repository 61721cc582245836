import type { RotationReason } from '../model/change.ts'
import { type ManagedKey, overtakes } from '../lifecycle/lineage.ts'
import { adopt, needlessAdoption, rotateByHand } from './adopt.ts'
import { deliveryReasons } from './delivery.ts'
import { rotationReasons } from './due.ts'
import { type Decision, type Facts, type KeyCase, nothing, together } from './facts.ts'
import { heal } from './heal.ts'
import { makeFirst, replaceLeaked } from './make.ts'
import { type RenewalReasons, renew } from './renew.ts'
import { narrowOf, updateOf } from './update.ts'

/** What has to happen to one declared key. Null: the rule does not speak of it. */
type Rule = (key: KeyCase, facts: Facts) => Decision | null

/** Somebody asked for a rotation; a leak is a reason of its own, since it leaves the old key no grace. */
function requestedReasons({ desired }: KeyCase, { options }: Facts): readonly RotationReason[] {
  const request = options.rotate.get(desired.keyId)
  if (request === undefined) return []
  const requested: RotationReason = { code: 'requested', note: request.note }
  return request.leaked ? [{ code: 'leaked' }, requested] : [requested]
}

function isCalledLeaked(key: KeyCase, facts: Facts): boolean {
  return requestedReasons(key, facts).some(({ code }) => code === 'leaked')
}

/** Why the key that consumers have is replaced, or its secret delivered once more. */
function renewalReasons(key: KeyCase, replaced: ManagedKey, facts: Facts): RenewalReasons {
  const { desired, lineage } = key
  const { now, slots } = facts
  const isAdopted = replaced.marker.state.kind === 'external'
  const due = isAdopted ? [] : rotationReasons(desired, replaced.live, slots.get(desired.keyId), now)
  return {
    rotation: [...due, ...requestedReasons(key, facts)],
    delivery: deliveryReasons(
      desired,
      replaced,
      lineage.superseded.find(each => overtakes(each, lineage, now)) ?? null,
    ),
  }
}

/** The key that a successor would replace: the head, or what others may know before it was delivered. */
const replacedBy = ({ lineage }: KeyCase): ManagedKey | null => lineage.head ?? lineage.pending[0] ?? null

const adoptNamed: Rule = (key, facts) =>
  key.desired.adopt !== null && key.lineage.highest === 0
    ? adopt(key.desired, key.desired.adopt, facts)
    : null

/** A new secret would be dead before it is delivered; a guard warns of the date. */
const leaveAfterDate: Rule = (key, facts) => {
  const { expires } = key.desired
  if (expires.kind !== 'until' || expires.at > facts.now) return null
  const { head } = key.lineage
  return head === null ? nothing : updateOf(key, head, facts)
}

/** What others may know is not finished: it gives way to another key. */
const healPending: Rule = (key, facts) => {
  const [newest] = key.lineage.pending
  if (newest === undefined || isCalledLeaked(key, facts)) return null
  const healed = heal(key, newest, facts)
  const { head } = key.lineage
  if (head === null) return healed
  const isReplaced = healed.changes.length > 0
  return together(healed, isReplaced ? narrowOf(key, head, facts) : updateOf(key, head, facts))
}

const beginKey: Rule = (key, facts) => {
  if (replacedBy(key) !== null) return null
  const [leaked] = key.lineage.leaked
  return leaked === undefined ? makeFirst(key) : replaceLeaked(key, leaked, facts)
}

const renewHead: Rule = (key, facts) => {
  const replaced = replacedBy(key)
  if (replaced === null) return null
  const reasons = renewalReasons(key, replaced, facts)
  const isDue = reasons.rotation.length > 0 || reasons.delivery.length > 0
  return isDue ? renew(key, replaced, reasons, facts) : null
}

const updateHead: Rule = (key, facts) => {
  const replaced = replacedBy(key)
  return replaced === null ? null : updateOf(key, replaced, facts)
}

/** The first that speaks of a key decides what happens to its head. */
const rules: readonly Rule[] = [adoptNamed, leaveAfterDate, healPending, beginKey, renewHead, updateHead]

/** What has to happen to one declared key, and what is to be said of it, the retirement of predecessors aside. */
export function decideKey(key: KeyCase, facts: Facts): Decision {
  const { desired, lineage } = key
  for (const rule of rules) {
    const decision = rule(key, facts)
    if (decision === null) continue
    const kin = [...lineage.superseded, ...lineage.leaked].map(each => narrowOf(key, each, facts))
    const remarks = [...needlessAdoption(desired, lineage, facts), ...rotateByHand(desired, lineage, facts)]
    return together(decision, ...kin, { changes: [], findings: remarks })
  }
  return nothing
}

/**
 * Once a decision is carried out, is the head's secret known to be in all its stores? Only then its predecessors may go.
 * A date that is past makes no successor, so it must not keep them for ever.
 */
export function headIsDelivered(key: KeyCase, { changes }: Decision, facts: Facts): boolean {
  const { head, pending } = key.lineage
  const provisions = changes.some(({ kind }) => kind === 'rotate' || kind === 'deliver' || kind === 'heal')
  if (provisions) return true
  if (head === null || pending.length > 0) return false
  return leaveAfterDate(key, facts) !== null || renewalReasons(key, head, facts).delivery.length === 0
}
