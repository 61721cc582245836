import { type Plan, isHeldInPart, isRefused } from '../model/change.ts'
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
