import type { Change, Plan, Retiring } from '../model/change.ts'
import type { Finding } from '../model/finding.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { isTargeted } from '../model/targets.ts'
import { planDeclaredKey } from './declared-key.ts'
import { type Draft, guards } from './guards.ts'
import { homesOf } from './homes.ts'
import type { CurrentState, PlanOptions } from './input.ts'
import { lineageOf, membersOf } from '../lifecycle/lineage.ts'
import { type Owned, sortByOwner } from '../lifecycle/ownership.ts'
import { prune } from './prune.ts'
import { turns } from './spread.ts'
import { type Farewell, partWithLeaked, retireSuperseded } from './retire.ts'

/**
 * The difference between what is declared and what is live, at one moment.
 *
 * | a key is                                  | the plan says                                             |
 * | ----------------------------------------- | --------------------------------------------------------- |
 * | declared, not live                        | `+` create                                                |
 * | declared with `adopt:`, live, nobody's    | `>` adopt: from now on managed, its secret stays           |
 * | declared, live, different                 | `~` update; narrowing reaches superseded keys too         |
 * | due by age, end of life or environment    | `+/-` rotate: a successor now, the predecessor later      |
 * | delivered, but its stores' secret is dead | `!` deliver again                                         |
 * | made, but never delivered                 | `!` heal                                                  |
 * | superseded, its grace over and unused     | `-` revoke                                                |
 * | superseded otherwise                      | retiring, which is no change                              |
 * | managed, not declared                     | `-` revoke, once nobody uses it; or `<` release           |
 * | of nobody                                 | shown; `-` revoke where the configuration says so         |
 * | of another stack                          | nothing                                                   |
 *
 * Keys that `options.targets` leaves out are left out of all of it; only the spread of due days knows them.
 * Pure: every fact is an argument, the input stays as it is, and the same input in any order gives the same plan.
 */
export function computePlan(
  desired: DesiredState,
  current: CurrentState,
  now: Instant,
  options: PlanOptions,
): Plan {
  const owned = sortByOwner(desired.stack, current.keys, now, renames(desired))
  const farewells: Farewell[] = []
  const changes: Change[] = []
  const findings: Finding[] = []
  const circumstances = { current, now, options }
  const turnOf = turns(desired.stack, desired.keys)
  const isChosen = ({ keyId }: { readonly keyId: string }) => isTargeted(options.targets, keyId)
  const chosen: DesiredState = { ...desired, keys: desired.keys.filter(isChosen) }

  for (const key of chosen.keys) {
    const lineage = owned.lineages.get(key.keyId) ?? lineageOf(key.keyId, [])
    const plan = planDeclaredKey(key, lineage, { ...circumstances, lineage, turn: turnOf.get(key.keyId) })
    changes.push(...plan.changes)
    findings.push(...plan.findings)
    farewells.push(...plan.changes.flatMap(change => partWithLeaked(change, circumstances)))
    for (const superseded of [...lineage.superseded, ...lineage.leaked]) {
      farewells.push(retireSuperseded(lineage, superseded, key.rotation.quiet, plan.sound, circumstances))
    }
  }

  const adopted = new Set(changes.flatMap(change => (change.kind === 'adopt' ? [change.live] : [])))
  const strangers = owned.unmanaged.filter(live => !adopted.has(live))
  const pruning = prune(desired, { ...owned, unmanaged: strangers }, circumstances)
  farewells.push(...pruning.farewells)
  changes.push(...pruning.releases)
  findings.push(...pruning.findings)

  const retiring: Retiring[] = []
  for (const farewell of farewells) {
    if ('revoke' in farewell) changes.push(farewell.revoke)
    else if ('retiring' in farewell) retiring.push(farewell.retiring)
    else findings.push(farewell.finding)
  }
  const kept = withoutDoomedUpdates(changes)
  const draft: Draft = { desired: chosen, current, owned, changes: kept, options, now }
  return {
    stack: desired.stack,
    now,
    changes: kept.sort(byKey),
    retiring: retiring.sort((a, b) => compare(a.keyId, b.keyId) || a.generation - b.generation),
    homes: homesOf(chosen.keys, owned.lineages, options),
    keychain: options.keychain,
    unmanaged: [...pruning.unmanaged].sort((a, b) => compare(a.id, b.id)),
    findings: sortFindings([...findings, ...guards.flatMap(guard => guard(draft))]),
    managed: owned.managed,
    callingKeyId: callingKeyId(current, owned),
    targets: options.targets,
    view: 'changes',
  }
}

/** Former key ids that nothing declares any more, and what they are called now. */
export function renames({ keys }: DesiredState): ReadonlyMap<string, string> {
  const declared = new Set(keys.map(({ keyId }) => keyId))
  return new Map(
    keys.flatMap(({ keyId, previously }) =>
      previously === null || declared.has(previously) ? [] : [[previously, keyId] as const],
    ),
  )
}

function callingKeyId({ caller }: CurrentState, { lineages }: Owned): string | null {
  if (caller.key === null) return null
  const { id } = caller.key
  const own = [...lineages.values()].find(lineage => membersOf(lineage).some(({ live }) => live.id === id))
  return own?.keyId ?? null
}

/** No need to narrow a key that the same plan revokes. */
function withoutDoomedUpdates(changes: readonly Change[]): Change[] {
  const doomed = new Set(changes.flatMap(change => (change.kind === 'revoke' ? [change.live.id] : [])))
  return changes.filter(change => change.kind !== 'update' || !doomed.has(change.live.id))
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

/** Warnings before refusals, since the last lines are the ones that are read. */
function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const sortKey = (finding: Finding) =>
    [finding.severity === 'warning' ? '0' : '1', finding.code, JSON.stringify(finding)].join(' ')
  return findings
    .map(finding => [sortKey(finding), finding] as const)
    .sort(([a], [b]) => compare(a, b))
    .map(([, finding]) => finding)
}
