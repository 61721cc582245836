import { accessWords } from '../keys/access-words.ts'
import type { Instant } from '../../model/duration.ts'
import { widenedFields } from '../../model/widening.ts'
import { writtenFields } from './written-fields.ts'
import {
  type Change,
  type Plan,
  driftedKeys,
  isHeldInPart,
  isRefused,
  pendingElsewhere,
} from '../../model/change.ts'
import { isEveryKey } from '../../model/targets.ts'
import { plural } from '../text/values.ts'

/** How many changes of each kind a plan has. */
type ChangeCounts = Readonly<Record<Change['kind'], number>>

export function countChanges(changes: readonly Change[]): ChangeCounts {
  const counts = { create: 0, adopt: 0, update: 0, rotate: 0, heal: 0, deliver: 0, release: 0, revoke: 0 }
  for (const { kind } of changes) counts[kind] += 1
  return counts
}

/** Somebody changed it on the platform. */
export function isDrift(change: Change, now: Instant): boolean {
  // A key that retires is narrowed for its successor's sake: how it came to differ does not matter.
  if (change.kind === 'update' && change.superseded) return false
  return writtenFields(change, now).some(({ cause }) => cause === 'drift' || cause === 'both')
}

/** ` (2 widen, 1 loses access, 2 drift)`, about changes of one kind; nothing where none does. */
function kindNotes(changes: readonly Change[], now: Instant): string {
  const count = (verb: readonly [one: string, more: string], is: (change: Change) => boolean) => {
    const all = changes.filter(is).length
    return all === 0 ? [] : [`${all} ${verb[all === 1 ? 0 : 1]}`]
  }
  const notes = [
    ...count(['widens', 'widen'], change => widenedFields(change).length > 0),
    ...count(['loses access', 'lose access'], change => losesAccess(change, now)),
    ...count(['with an outage', 'with an outage'], isOutage),
    ...count(['drift', 'drift'], change => isDrift(change, now)),
  ]
  return notes.length === 0 ? '' : ` (${notes.join(', ')})`
}

/** Whoever uses the key fails until it reads the new secret: the old one ends with the change. */
export function isOutage(change: Change): boolean {
  if (change.kind !== 'rotate') return false
  return change.strategy === 'in-place' || change.reasons.some(({ code }) => code === 'leaked')
}

/** It takes a permission or a project from whoever uses the key. */
export function losesAccess(change: Change, now: Instant): boolean {
  return accessWords(writtenFields(change, now)).includes('loses access')
}

/** The last line of a plan. Terraform's sentence; the rarer ones are named only where there is one. */
export function summaryLine(plan: Plan): string {
  const { create, adopt, update, rotate, heal, deliver, release, revoke } = countChanges(plan.changes)
  if (plan.view === 'drift') return driftLine(plan)
  if (plan.changes.length === 0) return noChangesLine(plan)
  const notes = (kind: Change['kind']) =>
    kindNotes(
      plan.changes.filter(change => change.kind === kind),
      plan.now,
    )
  const parts = [
    `${create} to create`,
    ...(adopt > 0 ? [`${adopt} to adopt${notes('adopt')}`] : []),
    `${update} to update${notes('update')}`,
    `${rotate} to rotate${notes('rotate')}`,
    ...(heal > 0 ? [`${heal} to heal${notes('heal')}`] : []),
    ...(deliver > 0 ? [`${deliver} to deliver${notes('deliver')}`] : []),
    ...(release > 0 ? [`${release} to release`] : []),
    `${revoke} to revoke`,
  ]
  return `${plan.view === 'forecast' ? 'Forecast' : 'Plan'}: ${parts.join(', ')}.`
}

/** How much is due that cannot be done from here; null: nothing is. */
export function elsewhereText(plan: Plan): string | null {
  const keys = pendingElsewhere(plan).length
  if (keys === 0) return null
  return `${plural(keys, 'key')} ${keys === 1 ? 'has' : 'have'} a change pending elsewhere.`
}

/** A plan without changes claims that everything matches only where nothing was left undone. */
function noChangesLine(plan: Plan): string {
  if (isRefused(plan)) return 'No changes: the plan is refused.'
  if (isHeldInPart(plan)) return 'No changes. What is held back is left as it is.'
  const elsewhere = elsewhereText(plan)
  if (elsewhere !== null) return `Nothing can be changed from here. ${elsewhere}`
  if (isHeldInPart(plan)) return 'No changes. What is held back is left as it is.'
  return plan.findings.some(({ code }) => code !== 'date-near' && code !== 'date-past')
    ? 'No changes. What the warnings name is left as it is.'
    : `No changes. ${isEveryKey(plan.targets) ? 'Your' : 'The chosen'} keys match the configuration.`
}

function driftLine(plan: Plan): string {
  const keys = driftedKeys(plan).length
  if (keys > 0) return `Drift: ${keys} ${keys === 1 ? 'key was' : 'keys were'} changed on the platform.`
  return `No drift. ${isEveryKey(plan.targets) ? 'Your' : 'The chosen'} keys are as they were applied.`
}
