import { type Plan, driftedKeys, isHeldInPart, isRefused, pendingElsewhere } from '../model/change.ts'
import { exitCodes } from '../model/failure.ts'
import type { Report } from '../model/outcome.ts'

/**
 * What a run ends with. One kind of failure keeps its own code where nothing was done, and a conflict everywhere, since
 * another run is at work; what was done in part is 7.
 */
export function exitCodeOf({ outcomes, interrupted }: Report): number {
  if (interrupted) return exitCodes.interrupted
  const codes = new Set(outcomes.flatMap(one => (one.status === 'failed' ? [exitCodes[one.code]] : [])))
  const [code, another] = codes
  if (code === undefined) return 0
  const alone = another === undefined
  if (alone && code === exitCodes.conflict) return code
  if (outcomes.some(({ status }) => status === 'done')) return exitCodes.partial
  return alone ? code : exitCodes.failed
}

/** What a plan that is not done whole ends with, given whether any of it was, or could be, done; 0: it is whole. */
export function exitCodeOfPlan(plan: Plan, done: boolean): number {
  if (isRefused(plan)) return exitCodes.refused
  if (!isHeldInPart(plan)) return 0
  return done ? exitCodes.partial : exitCodes.refused
}

/** What a plan ends with where nothing failed and something is left undone, given whether any of it was done; 0: nothing is left. */
export function exitCodeOfRest(plan: Plan, done: boolean): number {
  if (isOthersWork(plan)) return exitCodes.conflict
  // What is due and cannot be done from here is never taken for done.
  if (pendingElsewhere(plan).length > 0) return done ? exitCodes.partial : exitCodes.refused
  return isLeftUnread(plan) ? exitCodes.partial : 0
}

/** Is there anything to do, by this run or by another one? What a plan holds back or refuses is a failure instead. */
export function isPending(plan: Plan): boolean {
  if (plan.view === 'drift') return driftedKeys(plan).length > 0
  return plan.changes.length + plan.deferred.length > 0 || exitCodeOfRest(plan, false) !== 0
}

/** A key of this plan is half made, and not for this run to finish: what is declared may not be there yet. */
function isOthersWork({ findings, changes }: Plan): boolean {
  return findings.some(finding => {
    if (finding.code === 'other-host') return finding.action === 'heal'
    if (finding.code === 'too-many-pending') return !changes.some(({ keyId }) => keyId === finding.keyId)
    return finding.code === 'being-made'
  })
}

/** A declared key was left alone, because one of its live keys cannot be understood. */
function isLeftUnread({ findings }: Plan): boolean {
  return findings.some(finding => finding.code === 'key-unreadable' && finding.keyId !== null)
}
