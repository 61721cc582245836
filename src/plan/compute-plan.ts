import type { Change, Finding, Plan, Retiring } from '../model/change.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import { isEveryKey, isTargeted } from '../model/targets.ts'
import { planDeclaredKey } from './declared-key.ts'
import { dueAges } from './due.ts'
import { type Draft, guards, seesEverything } from './guards.ts'
import type { CurrentState, PlanOptions } from './input.ts'
import { type Lineage, lineageOf } from './lineage.ts'
import { type Owned, sortByOwner } from './ownership.ts'
import { type Farewell, pruneUndeclared, retireSuperseded } from './retire.ts'

/**
 * The difference between what is declared and what is live, at one moment.
 *
 * | a key is                                  | the plan says                                             |
 * | ----------------------------------------- | --------------------------------------------------------- |
 * | declared, not live                        | `+` create                                                |
 * | declared, live, different                 | `~` update; narrowing reaches superseded keys too         |
 * | due by age, end of life or environment    | `+/-` rotate: a successor now, the predecessor later      |
 * | delivered, but its stores' secret is dead | `!` deliver again                                         |
 * | made, but never delivered                 | `!` heal                                                  |
 * | superseded, its grace over and unused     | `-` revoke                                                |
 * | superseded otherwise                      | retiring, which is no change                              |
 * | managed, not declared                     | `-` revoke, once nobody uses it                           |
 * | of another stack, or of nobody            | nothing                                                   |
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
  const owned = sortByOwner(desired.stack, current.keys)
  const farewells: Farewell[] = []
  const changes: Change[] = []
  const findings: Finding[] = []
  const circumstances = { current, now, options }
  const ages = dueAges(desired.stack, desired.keys)
  const isChosen = ({ keyId }: { readonly keyId: string }) => isTargeted(options.targets, keyId)
  const chosen: DesiredState = { ...desired, keys: desired.keys.filter(isChosen) }

  for (const key of chosen.keys) {
    const lineage = owned.lineages.get(key.keyId) ?? lineageOf(key.keyId, [])
    const plan = planDeclaredKey(key, lineage, { ...circumstances, dueAge: ages.get(key.keyId) })
    changes.push(...plan.changes)
    findings.push(...plan.findings)
    for (const superseded of [...lineage.superseded, ...lineage.leaked]) {
      farewells.push(retireSuperseded(lineage, superseded, key.rotation.quiet, plan.sound, circumstances))
    }
  }

  const undeclared = undeclaredLineages(desired, owned).filter(isChosen)
  const withheld = pruneWithheld(desired, current, undeclared)
  if (withheld !== null) findings.push(withheld)
  for (const lineage of withheld === null ? undeclared : []) {
    farewells.push(...pruneLineage(lineage, desired.prune.quiet, circumstances))
  }

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
    unmanaged: isEveryKey(options.targets) ? reportedUnmanaged(desired, current, owned) : [],
    findings: sortFindings([...findings, ...guards.flatMap(guard => guard(draft))]),
    managed: owned.managed,
    targets: options.targets,
  }
}

/** The calling key is who asks, not what is asked about. */
function reportedUnmanaged(
  desired: DesiredState,
  { caller }: CurrentState,
  owned: Owned,
): readonly LiveKey[] {
  if (desired.prune.unmanaged === 'ignore') return []
  return owned.unmanaged.filter(({ id }) => id !== caller.key?.id).sort((a, b) => compare(a.id, b.id))
}

function undeclaredLineages(desired: DesiredState, owned: Owned): readonly Lineage[] {
  const declared = new Set(desired.keys.map(({ keyId }) => keyId))
  return [...owned.lineages.values()].filter(({ keyId }) => !declared.has(keyId))
}

function pruneWithheld(
  desired: DesiredState,
  current: CurrentState,
  undeclared: readonly Lineage[],
): Extract<Finding, { code: 'prune-withheld' }> | null {
  if (undeclared.length === 0) return null
  const keyIds = undeclared.map(({ keyId }) => keyId).sort()
  const withheld = { severity: 'warning', code: 'prune-withheld', keyIds } as const
  if (desired.keys.length === 0) return { ...withheld, cause: 'no-keys-declared' }
  if (!current.complete) return { ...withheld, cause: 'listing-incomplete' }
  return seesEverything(current) ? null : { ...withheld, cause: 'listing-narrowed' }
}

/** Protection of the head, or of any of its kin, covers the whole lineage. */
function pruneLineage(
  lineage: Lineage,
  quiet: number,
  circumstances: Parameters<typeof pruneUndeclared>[3],
): readonly Farewell[] {
  const head = lineage.head === null ? [] : [lineage.head]
  const kin = [...head, ...lineage.pending, ...lineage.superseded, ...lineage.leaked]
  const shield = kin.find(({ marker }) => marker.protected)
  return (shield === undefined ? kin : [shield]).map(key =>
    pruneUndeclared(lineage.keyId, key, quiet, circumstances),
  )
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
  rotate: 1,
  heal: 2,
  deliver: 3,
  update: 4,
  revoke: 5,
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
