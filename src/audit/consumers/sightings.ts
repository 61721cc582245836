import { type Consumer, type SeenUse, mayBe, mayCallFrom, mayDo } from '../../model/consumer.ts'
import type { ObservedUsage } from '../../model/observed-usage.ts'
import { identityCheck } from '../../model/operation.ts'
import { actsOf, ownRequests } from './observed.ts'

/**
 * `seen`: nobody else who is declared can have done something that was seen. `perhaps`: it can have, and so can another. `absent`: it did
 * nothing, as the figures prove.
 */
export type Sighting = 'seen' | 'perhaps' | 'absent'

/** Something that was seen, by whether a consumer may have done it. */
interface Trace {
  readonly mayBe: (consumer: Consumer) => boolean
  /** It cannot have been this program's own look. */
  readonly foreign: boolean
}

function callsOf(usage: ObservedUsage): readonly Trace[] {
  const own = ownRequests(usage)
  return (usage.addresses ?? [])
    .filter(({ requests }) => requests > 0)
    .map(({ ip, requests }) => ({ mayBe: each => mayCallFrom(each, ip), foreign: requests > own }))
}

function deedsOf(usage: ObservedUsage): readonly Trace[] {
  const acts = actsOf(usage).map(({ operation, project }): Trace => {
    return { mayBe: each => mayDo(each, operation, project), foreign: true }
  })
  const checks: Trace = { mayBe: each => mayDo(each, identityCheck, null), foreign: false }
  return ownRequests(usage) > 0 ? [...acts, checks] : acts
}

/** How one of the consumers shows in figures of some time. `last`: last uses in that time. Pure. */
export function sightingOf(
  consumer: Consumer,
  consumers: readonly Consumer[],
  usage: ObservedUsage,
  last: readonly SeenUse[],
): Sighting {
  const uses = last.map((use): Trace => ({ mayBe: each => mayBe(each, use), foreign: true }))
  const [calls, deeds] = [callsOf(usage), deedsOf(usage)]
  const points = (trace: Trace) => trace.mayBe(consumer)
  const isOnlyOne = (trace: Trace) =>
    trace.foreign && points(trace) && consumers.every(each => each === consumer || !trace.mayBe(each))
  const called = usage.addresses === null || calls.some(points)
  if (!uses.some(points) && !(called && deeds.some(points))) return 'absent'
  return [...uses, ...calls, ...deeds].some(isOnlyOne) ? 'seen' : 'perhaps'
}
