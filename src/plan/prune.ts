import type { Change, RevocationReason } from '../model/change.ts'
import type { Finding } from '../model/finding.ts'
import { fitsGlob } from '../model/glob.ts'
import { type LiveKey, secretMadeAt } from '../model/live-key.ts'
import { isEveryKey, isTargeted } from '../model/targets.ts'
import { seesEverything } from './guards.ts'
import { type Lineage, type ManagedKey, membersOf } from '../lifecycle/lineage.ts'
import { type Facts, isCallingKey } from './facts.ts'
import { type RetirementDecision, decideRevocation, retireUndeclared } from './retire.ts'
import { isUnused } from '../lifecycle/last-use.ts'

/** What becomes of live keys that nothing declares. */
export interface Pruning {
  readonly retirements: readonly RetirementDecision[]
  readonly releases: readonly Change[]
  readonly findings: readonly Finding[]
  /** Unmanaged keys that stay, to be shown. */
  readonly unmanaged: readonly LiveKey[]
}

/** Why nothing may be pruned; null where it may. */
function withheldBecause({
  desired,
  current,
}: Facts): Extract<Finding, { code: 'prune-withheld' }>['cause'] | null {
  if (desired.keys.length === 0 && !desired.prune.releaseStack) return 'no-keys-declared'
  if (!current.complete) return 'listing-incomplete'
  if (current.doubts.unreadable.length > 0) return 'key-unreadable'
  return seesEverything(current) ? null : 'listing-narrowed'
}

function undeclaredLineages({ desired, owned, leftAlone, options }: Facts): readonly Lineage[] {
  const declared = new Set(desired.keys.map(({ keyId }) => keyId))
  return [...owned.lineages.values()].filter(
    ({ keyId }) => !declared.has(keyId) && !leftAlone.has(keyId) && isTargeted(options.targets, keyId),
  )
}

/**
 * Protection of any of a lineage covers the whole. Of several that say that they were delivered, the head goes last: else, where the
 * key is declared again, one of the others would lead, while the stores hold the dead secret of the head.
 */
function revokeLineage(lineage: Lineage, facts: Facts): readonly RetirementDecision[] {
  const { quiet } = facts.desired.prune
  const kin = membersOf(lineage)
  const shield = kin.find(({ marker }) => marker.protected)
  if (shield !== undefined) return [retireUndeclared(lineage.keyId, shield, quiet, facts)]
  const retirements: RetirementDecision[] = []
  let staying: ManagedKey | null = null
  for (const key of kin.toReversed()) {
    const retirement = retireUndeclared(lineage.keyId, key, quiet, facts)
    retirements.push(key === lineage.head ? afterPredecessor(retirement, staying) : retirement)
    if (lineage.rivals.includes(key) && !('revoke' in retirement)) staying ??= key
  }
  return retirements
}

function afterPredecessor(decision: RetirementDecision, staying: ManagedKey | null): RetirementDecision {
  if (!('revoke' in decision) || staying === null) return decision
  const { keyId, live, generation, reason } = decision.revoke
  return {
    retiring: {
      keyId,
      live,
      generation,
      reason,
      wait: { code: 'predecessor-alive', liveId: staying.live.id },
    },
  }
}

/** What somebody received is given up as it is; what nobody received is nothing to give. */
function releaseLineage(lineage: Lineage, facts: Facts): Pick<Pruning, 'releases' | 'retirements'> {
  const { keyId } = lineage
  const received = [...(lineage.head === null ? [] : [lineage.head]), ...lineage.rivals]
  const shield = [...received, ...lineage.retiring].find(({ marker }) => marker.protected)
  if (shield !== undefined) return { releases: [], retirements: [retireUndeclared(keyId, shield, 0, facts)] }
  const releases = received.map(({ live, marker }): Change => ({
    kind: 'release',
    keyId,
    live,
    generation: marker.generation,
  }))
  const retirements = [...lineage.pending, ...lineage.leaked, ...lineage.retiring].map(key =>
    retireUndeclared(keyId, key, facts.desired.prune.quiet, facts),
  )
  return { releases, retirements }
}

/** Names of declared keys that have no head: an unmanaged key of that name may be the very key that is meant. */
function namesWithoutHead({ desired, owned }: Facts): ReadonlySet<string> {
  const without = desired.keys.filter(({ keyId }) => (owned.lineages.get(keyId)?.head ?? null) === null)
  return new Set(without.map(({ name }) => name))
}

/** Why an unmanaged key has to go; null where it may stay. */
function reasonToRevoke(
  live: LiveKey,
  names: ReadonlySet<string>,
  { desired: { prune }, now }: Facts,
): RevocationReason | null {
  if (names.has(live.name)) return null
  if (prune.unmanaged === 'revoke') return { code: 'unmanaged' }
  const { unused } = prune
  if (unused?.action !== 'revoke' || !isUnused(live, unused.after, now)) return null
  return { code: 'unused', after: unused.after }
}

/** A key that somebody has just made is not unused: its users may not have begun. */
function revokeUnmanaged(live: LiveKey, reason: RevocationReason, facts: Facts): RetirementDecision {
  const { quiet } = facts.desired.prune
  const decision = decideRevocation(live.id, { live, marker: null }, reason, quiet, facts)
  const until = secretMadeAt(live) + quiet
  if (!('revoke' in decision) || decision.revoke.gate.waived || until <= facts.now) return decision
  const { keyId, generation } = decision.revoke
  return { retiring: { keyId, live, generation, reason, wait: { code: 'young', until } } }
}

/**
 * The unmanaged keys that the rules speak of: never a kept one, or one that is being adopted. In a run of chosen keys, one is only meant
 * where `only` names its very id.
 */
function unmanagedKeys(adopted: ReadonlySet<LiveKey>, facts: Facts): readonly LiveKey[] {
  const { keep } = facts.desired.prune
  const { targets } = facts.options
  return facts.owned.unmanaged.filter(live => {
    const { id, name } = live
    const isKept = keep.some(pattern => pattern === id || fitsGlob(pattern, name))
    const isMeant = isEveryKey(targets) || (targets.only.includes(id) && isTargeted(targets, id))
    return !adopted.has(live) && !isKept && isMeant
  })
}

/** What becomes of keys that nothing declares; `adopted`: those that the same plan takes over. */
export function prune(adopted: ReadonlySet<LiveKey>, facts: Facts): Pruning {
  const { prune: rules } = facts.desired
  const cause = withheldBecause(facts)
  const undeclared = undeclaredLineages(facts)
  const unmanaged = unmanagedKeys(adopted, facts)
  const names = namesWithoutHead(facts)
  // A stack that is released as a whole gives up its keys, and is about no others.
  const unwanted = (rules.releaseStack ? [] : unmanaged).flatMap(live => {
    const reason = isCallingKey(live, facts) ? null : reasonToRevoke(live, names, facts)
    return reason === null ? [] : [{ live, reason }]
  })
  // Alone, the calling key would be in every plan of a stack that somebody's own key applies.
  const isNews = (left: readonly LiveKey[]) =>
    rules.unmanaged !== 'ignore' && left.some(live => !isCallingKey(live, facts))
  const shown = (left: readonly LiveKey[]) => (isNews(left) ? left : [])
  if (cause !== null) {
    const keyIds = [...undeclared.map(({ keyId }) => keyId), ...unwanted.map(({ live }) => live.id)].sort()
    const findings: Finding[] =
      keyIds.length === 0 ? [] : [{ severity: 'warning', code: 'prune-withheld', keyIds, cause }]
    return { retirements: [], releases: [], findings, unmanaged: shown(unmanaged) }
  }
  const isRetained = rules.removed === 'retain'
  const released = isRetained ? undeclared.map(lineage => releaseLineage(lineage, facts)) : []
  const revoked = isRetained ? [] : undeclared.flatMap(lineage => revokeLineage(lineage, facts))
  const gone = unwanted.map(({ live, reason }) => revokeUnmanaged(live, reason, facts))
  return {
    retirements: [...revoked, ...released.flatMap(({ retirements }) => retirements), ...gone],
    releases: released.flatMap(({ releases }) => releases),
    findings: [],
    unmanaged: shown(unmanaged.filter(live => !unwanted.some(one => one.live === live))),
  }
}
