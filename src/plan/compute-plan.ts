import type { Change, Deferred, Plan, Retiring } from '../model/change.ts'
import type { DesiredKey, DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import { isTargeted } from '../model/targets.ts'
import { stateAt } from '../model/desired-at.ts'
import { type ManagedKey, isAlone, lineageOf, membersOf } from '../lifecycle/lineage.ts'
import { type Owned, ownedKeys } from '../lifecycle/ownership.ts'
import { affectedConsumers } from './affected-consumers.ts'
import {
  unreadableFindings,
  unreadableKeyIds,
  unsupportedEnvironments,
  withoutDoubt,
} from './doubted-keys.ts'
import { type Decision, type Facts, allTogether, nothing } from './facts.ts'
import { keyGuards, planGuards } from './guards.ts'
import { isAbandoned } from './heal.ts'
import { heldKeyIds, holdBack } from './hold.ts'
import { homesOf } from './homes.ts'
import type { CurrentState, PlanOptions } from './input.ts'
import { deferRotations } from './limits.ts'
import { markedAsOurs } from './marked-as-ours.ts'
import { prune } from './prune.ts'
import { evidenceOf } from './find-proof.ts'
import {
  heldRenames,
  keyIdsLeftAlone,
  leftInFormerStacks,
  onlyRename,
  renames,
  withRenames,
} from './plan-renames.ts'
import {
  type RetirementDecision,
  oneAtATime,
  retireAbandoned,
  retireLeaked,
  retirePredecessor,
} from './retire.ts'
import { decideKey, headIsDelivered } from './rules.ts'
import { rotationSlots } from '../lifecycle/spread.ts'

/**
 * The difference between what is declared and what is live, at one moment.
 *
 * | a key is                                  | the plan says                                             |
 * | ----------------------------------------- | --------------------------------------------------------- |
 * | declared, not live                        | `+` create                                                |
 * | declared with `adopt:`, live, unmanaged   | `>` adopt: from now on managed, its secret stays           |
 * | declared, live, different                 | `~` update; narrowing reaches retiring keys too           |
 * | due by age, end of life or environment    | `+/-` rotate: a successor now, the predecessor later      |
 * | delivered, but its stores' secret is dead | `!` deliver again                                         |
 * | made, but never delivered                 | `!` heal                                                  |
 * | retiring, its grace over and unused       | `-` revoke, one a key id                                  |
 * | retiring otherwise                        | shown, and no change                                      |
 * | managed, not declared                     | `-` revoke, once nobody uses it; or `<` release           |
 * | unmanaged                                 | shown; `-` revoke where the configuration says so         |
 * | of a stack in `formerly:`, declared       | `~` taken over; otherwise left alone, and named           |
 * | of another stack                          | nothing                                                   |
 * | declared, its former name in use as well  | held: nothing is done to either                           |
 *
 * One key's trouble holds back its key id and the pruning of what nothing declares, revocations above the limit are held, and
 * rotations above it deferred, the most urgent done first. Keys that `options.targets` leaves out are left out of all of it; only the spread of due days knows them.
 * Pure: every fact is an argument, the input stays as it is, and the same input in any order gives the same plan.
 */
export function computePlan(
  declared: DesiredState,
  current: CurrentState,
  now: Instant,
  options: PlanOptions,
): Plan {
  const desired = stateAt(declared, now)
  const { stack } = desired
  const owned = ownedKeys(desired, current.keys, now, evidenceOf(desired.keys, options))
  const held = heldRenames(desired.keys, stack, owned, { options, now })
  const leftAlone = keyIdsLeftAlone(held, stack)
  const targeted = desired.keys.filter(({ keyId }) => isTargeted(options.targets, keyId))
  const facts: Facts = {
    desired,
    chosen: targeted.filter(({ keyId }) => !leftAlone.has(keyId)),
    leftAlone,
    current,
    owned,
    now,
    options,
    slots: rotationSlots(desired.stack, desired.keys),
    deferred: new Set(),
  }
  const { keys, deferred, findings: guarded } = decideAll(facts)
  const decided = allTogether(keys)
  const adopted = new Set(decided.changes.flatMap(markedAsOurs))
  const pruning = prune(adopted, facts)
  const retired = sorted([...keys.flatMap(({ retirements }) => retirements), ...pruning.retirements])
  const allowed = withoutDoubt(retired.revocations, facts)
  const { changes, retiring, findings } = holdBack(
    {
      changes: withoutNeedlessUpdates([...decided.changes, ...pruning.releases, ...allowed.revocations]),
      retiring: retired.retiring,
      findings: [
        ...held.filter(({ keyId }) => isTargeted(options.targets, keyId)),
        ...leftInFormerStacks(owned, facts),
        ...unreadableFindings(facts),
        ...unsupportedEnvironments(facts),
        ...decided.findings,
        ...guarded,
        ...pruning.findings,
        ...retired.findings,
        ...allowed.findings,
      ],
    },
    facts,
  )
  return {
    platform: options.platform,
    account: current.caller.account,
    stack,
    now,
    changes: changes.toSorted(byKey),
    retiring: retiring.toSorted((a, b) => compare(a.keyId, b.keyId) || a.generation - b.generation),
    deferred,
    homes: homesOf(targeted, owned.lineages, options),
    keychain: options.keychain,
    unmanaged: [...pruning.unmanaged].sort((a, b) => compare(a.id, b.id)),
    findings: sortFindings([...findings, ...planGuards.flatMap(guard => guard(changes, facts))]),
    consumers: affectedConsumers(changes, targeted, owned.lineages),
    managed: owned.managed,
    callingKeyId: callingKeyId(current, owned),
    callingLiveId: current.caller.key?.id ?? null,
    targets: options.targets,
    view: 'changes',
  }
}

/** A declared key's changes, and what becomes of its predecessors. */
type DeclaredDecision = Decision & { readonly retirements: readonly RetirementDecision[] }

const rests: DeclaredDecision = { ...nothing, retirements: [] }

/** What happens to every declared key, after the limit on rotations has spoken; and whose key id is held back. */
function decideAll(facts: Facts): {
  readonly keys: readonly DeclaredDecision[]
  readonly deferred: readonly Deferred[]
  readonly findings: readonly Finding[]
} {
  const unreadable = unreadableKeyIds(facts)
  const chosen = facts.chosen.filter(({ keyId }) => !unreadable.has(keyId))
  const keys = chosen.map(key => decideDeclared(key, facts))
  const { changes, findings } = allTogether(keys)
  const guarded = keyGuards.flatMap(guard => guard(changes, facts))
  const held = heldKeyIds([...findings, ...guarded])
  const limited = deferRotations(
    changes.filter(({ keyId }) => !held.has(keyId)),
    facts,
  )
  const deferred = new Set(limited.deferred.map(({ keyId }) => keyId))
  const waiting = { ...facts, deferred }
  return {
    keys: keys.map((decision, index) => {
      const key = chosen[index]
      return key !== undefined && deferred.has(key.keyId) ? decideDeclared(key, waiting) : decision
    }),
    deferred: limited.deferred,
    findings: [...guarded, ...limited.findings],
  }
}

/** What happens to a declared key, and to those that it replaced. */
function decideDeclared(desired: DesiredKey, facts: Facts): DeclaredDecision {
  const { keyId, rotation } = desired
  const lineage = facts.owned.lineages.get(keyId) ?? lineageOf(keyId, [])
  const key = { desired, lineage }
  const decided = decideKey(key, facts)
  // In an emergency that one change is made, and none next to it.
  if (facts.options.breakGlass?.keyId === keyId) return { ...decided, retirements: [] }
  const decision = withRenames(key, decided, facts)
  // Nearly every key: nothing happens to it, and nothing came before it.
  if (decision.changes.length === 0 && isAlone(lineage))
    return decision === nothing ? rests : { ...decision, retirements: [] }
  const leaking = new Set(decision.changes.flatMap(change => (change.kind === 'rotate' ? change.leaked : [])))
  const { quiet } = rotation
  const marked = new Set(
    decision.changes.flatMap(change => ('predecessors' in change ? change.predecessors : [])),
  )
  const retire = (predecessors: readonly ManagedKey[]) => {
    const staying = predecessors.filter(({ live }) => !leaking.has(live))
    if (staying.length === 0) return []
    const isDelivered = headIsDelivered(key, decision, facts)
    return staying.map(one => {
      // What is marked anew has a grace anew.
      const mayGo = isDelivered && !marked.has(one.live)
      return retirePredecessor(lineage, one, quiet, mayGo, facts)
    })
  }
  const retirements = [
    ...decision.changes.flatMap(change => retireLeaked(change, facts)),
    ...retire(lineage.leaked),
    ...oneAtATime(retire(lineage.retiring)),
    ...lineage.pending
      .filter(one => !leaking.has(one.live) && isAbandoned(one, lineage, facts))
      .map(one => retireAbandoned(lineage, one, quiet, facts)),
  ]
  return { ...decision, retirements }
}

function sorted(decisions: readonly RetirementDecision[]): {
  readonly revocations: readonly Change[]
  readonly retiring: Retiring[]
  readonly findings: readonly Finding[]
} {
  return {
    revocations: decisions.flatMap(decision => ('revoke' in decision ? [decision.revoke] : [])),
    retiring: decisions.flatMap(decision => ('retiring' in decision ? [decision.retiring] : [])),
    findings: decisions.flatMap(decision => ('finding' in decision ? [decision.finding] : [])),
  }
}

function callingKeyId({ caller, keys }: CurrentState, { lineages }: Owned): string | null {
  const own = keys.find(({ id }) => id === caller.key?.id)
  // Mostly somebody made it by hand: no lineage has to be looked through.
  if (own === undefined || own.ownership.kind === 'unmanaged') return null
  const found = [...lineages.values()].find(lineage =>
    membersOf(lineage).some(({ live }) => live.id === own.id),
  )
  return found?.keyId ?? null
}

/** No need to narrow a key that the same plan revokes; but under its former name it would look like one of another key. */
function withoutNeedlessUpdates(changes: readonly Change[]): Change[] {
  const revoked = new Set(changes.flatMap(change => (change.kind === 'revoke' ? [change.live.id] : [])))
  return changes.flatMap(change => {
    if (change.kind !== 'update' || !revoked.has(change.live.id)) return [change]
    return renames(change) ? [onlyRename(change)] : []
  })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const order: Readonly<Record<Change['kind'], number>> = {
  create: 0,
  adopt: 1,
  rotate: 2,
  heal: 3,
  deliver: 4,
  update: 5,
  release: 6,
  revoke: 7,
}

function byKey(a: Change, b: Change): number {
  return compare(a.keyId, b.keyId) || order[a.kind] - order[b.kind] || compare(liveId(a), liveId(b))
}

function liveId(change: Change): string {
  return change.kind === 'create' || change.kind === 'heal' ? '' : change.live.id
}

const severities: readonly Finding['severity'][] = ['warning', 'held', 'refusal']

/** Warnings before refusals, since the last lines are the ones that are read. */
function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const sortKey = (finding: Finding) =>
    [severities.indexOf(finding.severity), finding.code, JSON.stringify(finding)].join(' ')
  return findings
    .map(finding => [sortKey(finding), finding] as const)
    .sort(([a], [b]) => compare(a, b))
    .map(([, finding]) => finding)
}
