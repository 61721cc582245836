import type { Gathered } from '../../../src/apply/gather.ts'
import type { Caller } from '../../../src/model/caller.ts'
import { type Change, type Plan, isHeldInPart } from '../../../src/model/change.ts'
import type { DesiredState } from '../../../src/model/desired.ts'
import { minute, second } from '../../../src/model/duration.ts'
import type { Report } from '../../../src/model/outcome.ts'
import { permissionsBeyond } from '../../../src/model/permission.ts'
import { reachesBeyond } from '../../../src/model/scope.ts'
import type { Secret } from '../../../src/model/secret.ts'
import { isProvision } from '../../../src/model/verb.ts'
import { computePlan } from '../../../src/plan/compute-plan.ts'
import type { CurrentState, PlanOptions } from '../../../src/plan/input.ts'
import { ownedKeys } from '../../../src/lifecycle/ownership.ts'
import { storesToFind } from '../../../src/plan/lost-stores.ts'
import { summary } from '../plan-of.ts'
import { formerStoresOf } from './history-configuration.ts'
import { consumedPlaces, familyOf, markedBy, topOf } from './heads.ts'
import { evidenceAt } from './evidence.ts'
import { siteOf } from './sites.ts'
import type { History, PlainApply } from './steps.ts'
import { machineOf } from './watched.ts'
import { type HistoryWorld, breaks, holderOf, secretOf } from './history-world.ts'
/** The stored secret of a declared key, where it may manage keys; else a person's. */
export async function credentialOf(
  world: HistoryWorld,
  { as }: PlainApply,
  desired: DesiredState,
): Promise<Secret> {
  const keys = await world.backend.inspect()
  const chosen = as === null ? undefined : desired.keys[as % desired.keys.length]
  if (chosen === undefined) return world.backend.person
  const top = topOf(familyOf(chosen, markedBy(desired, keys)))
  const places = top === null ? [] : consumedPlaces(chosen, top)
  for (const place of places) {
    const secret = world.places.get(place)
    const holder = secret === undefined ? null : holderOf(world, secret, keys)
    if (
      secret !== undefined &&
      holder !== null &&
      permissionsBeyond(['manage_keys'], holder.permissions).length === 0
    )
      return secretOf(secret)
  }
  return world.backend.person
}

/** Who would call with this secret, found out without a request. */
async function callerOf(world: HistoryWorld, credential: Secret): Promise<Caller> {
  const live = holderOf(world, credential.reveal(), await world.backend.inspect())
  if (live === null) return { account: 'sandbox', key: null }
  const { id, name, scope, permissions } = live
  return { account: 'sandbox', key: { id, name, scope, permissions } }
}

export interface Played {
  readonly desired: DesiredState
  readonly gathered: Gathered
  readonly options: PlanOptions
  readonly plan: Plan
  readonly report: Report
}

/** A run that nobody disturbs makes everything that it planned, and the next one finds nothing to do. */
export async function judgeConvergence(
  world: HistoryWorld,
  step: PlainApply,
  history: Pick<History, 'dateless'>,
  played: Played,
): Promise<void> {
  const { desired, plan, report, gathered } = played
  const undone = report.outcomes.filter(
    outcome => !isSettled(outcome) && !isHopeless(outcome) && !isTooLate(outcome, world),
  )
  for (const outcome of undone) {
    const why = outcome.status === 'failed' ? outcome.message : outcome.status
    breaks(
      world,
      `nobody disturbs the run, but ${outcome.change.kind} ${outcome.change.keyId} is not done: ${why}`,
    )
  }
  // What is held back or deferred is for another run to do, which may find it otherwise.
  if (plan.deferred.length > 0 || isHeldInPart(plan)) return
  // What follows from that is for the next run.
  if (plan.changes.some(takesTwoRuns)) return
  // What is held was not narrowed, since it was about to go.
  if (report.outcomes.some(({ status }) => status !== 'done')) return
  const again = gathered.current.caller.key === null ? { ...step, as: null } : step
  const who = await callerOf(world, await credentialOf(world, again, desired))
  const former = gathered.current.caller.key
  // A key that rotated itself may have a successor that sees and grants less: what the next run says is another story.
  if (who.key !== null && former !== null && reachesBeyond(former.scope, who.key.scope)) return
  const keys = await world.backend.inspect()
  const current: CurrentState = {
    keys: keys.filter(({ scope }) => !reachesBeyond(scope, who.key?.scope ?? 'all')),
    caller: who,
    complete: true,
    doubts: gathered.current.doubts,
    projects: gathered.current.projects,
  }
  const options = await evidenceAt(world, siteOf(step.host), desired, current.keys, plan.now, {
    ...played.options,
    rotate: new Map(),
    formerStores: formerStoresOf(
      desired,
      storesToFind(desired, ownedKeys(desired, current.keys, plan.now), plan.now),
    ),
  })
  const skew = history.dateless?.[machineOf(step.host)]
  const { now } = world.backend
  const seen = skew === undefined ? Math.floor(now / second) * second : now + skew * minute
  // Time goes on while a run works: what fell due meanwhile is not a fault of its own.
  const caller = gathered.current.caller.key?.id
  const left = [seen, plan.now].map(moment => {
    const next = computePlan(desired, current, moment, options)
    const own = next.changes.filter(
      change => !isForNext(change, caller) && !isTurn(change, plan) && !isFree(change, plan),
    )
    return summary({ ...next, changes: own })
  })
  if (left.every(changes => changes.length > 0))
    breaks(world, `the second plan is not empty: ${left.map(changes => changes.join(', ')).join(', or ')}`)
}

/** An unmanaged key with the name of a declared one stays until there is a head: the plan made or adopted one. */
function isFree(change: Change, { changes }: Plan): boolean {
  if (change.kind !== 'revoke' || !['unmanaged', 'unused'].includes(change.reason.code)) return false
  return changes.some(
    made => (isProvision(made) || made.kind === 'adopt') && made.desired.name === change.live.name,
  )
}

/** Made, or a revocation that waits: where what leaked took a deadline along, the new head gives its predecessors another one. */
const isSettled = ({ status }: Report['outcomes'][number]) => status === 'done' || status === 'held'

/** Of one key id, each run revokes one retiring key: others waited for it. */
function isTurn(change: Change, { changes, retiring }: Plan): boolean {
  if (change.kind !== 'revoke' || change.reason.code !== 'superseded') return false
  const went = changes.some(({ kind, keyId }) => kind === 'revoke' && keyId === change.keyId)
  return (
    went || retiring.some(({ live, wait }) => live.id === change.live.id && wait.code === 'another-first')
  )
}

/** A marker that was torn from its key, or pasted onto it, belongs to it again; or an expired key, which nobody can prove, lives again. */
function takesTwoRuns(change: Change): boolean {
  return (
    change.kind === 'update' &&
    (change.live.status === 'expired' ||
      change.fields.some(({ field, current }) => field === 'state' && current === 'marker of another key'))
  )
}

/** No run revokes or narrows the key that calls: the next one, with another key, does. */
function isForNext(change: Change, callerId: string | undefined): boolean {
  return 'live' in change && change.live.id === callerId
}

/** The date that was declared came between plan and request, or by the clock of the platform before. */
function isTooLate(
  { change }: Report['outcomes'][number],
  { backend: { now }, slack }: HistoryWorld,
): boolean {
  if (!isProvision(change)) return false
  const { expires } = change.desired
  return expires.kind === 'until' && expires.at <= now + slack
}

/** Other machines' pending keys are in the way, and only they can finish or end them. */
function isHopeless({ change }: Report['outcomes'][number]): boolean {
  return change.kind === 'heal' && change.generation === null
}
