import type { Change, RevocationReason } from '../model/change.ts'
import type { Finding } from '../model/finding.ts'
import type { DesiredState } from '../model/desired.ts'
import { fitsGlob } from '../model/glob.ts'
import type { LiveKey } from '../model/live-key.ts'
import { isEveryKey, isTargeted } from '../model/targets.ts'
import { seesEverything } from './guards.ts'
import type { CurrentState } from './input.ts'
import type { Lineage, ManagedKey } from '../lifecycle/lineage.ts'
import type { Owned } from '../lifecycle/ownership.ts'
import { type Circumstances, type Farewell, partWith, pruneUndeclared } from './retire.ts'
import { isUnused } from '../lifecycle/health.ts'

/** What becomes of live keys that nothing declares. */
export interface Pruning {
  readonly farewells: readonly Farewell[]
  readonly releases: readonly Change[]
  readonly findings: readonly Finding[]
  /** Nobody's keys that stay, to be shown. */
  readonly unmanaged: readonly LiveKey[]
}

/** Why nothing may be pruned; null where it may. */
function withheldBecause(
  desired: DesiredState,
  current: CurrentState,
): Extract<Finding, { code: 'prune-withheld' }>['cause'] | null {
  if (desired.keys.length === 0) return 'no-keys-declared'
  if (!current.complete) return 'listing-incomplete'
  return seesEverything(current) ? null : 'listing-narrowed'
}

function undeclaredLineages(desired: DesiredState, owned: Owned): readonly Lineage[] {
  const declared = new Set(desired.keys.map(({ keyId }) => keyId))
  return [...owned.lineages.values()].filter(({ keyId }) => !declared.has(keyId))
}

/**
 * Protection of the head, or of any of its kin, covers the whole lineage. Successors go last: where one went before its
 * predecessors and the key is declared again, one of those would lead, while the stores hold the dead secret of the successor.
 */
function pruneLineage(
  desired: DesiredState,
  lineage: Lineage,
  circumstances: Circumstances,
): readonly Farewell[] {
  const head = lineage.head === null ? [] : [lineage.head]
  const kin = [...head, ...lineage.pending, ...lineage.superseded, ...lineage.leaked]
  const shield = kin.find(({ marker }) => marker.protected)
  const ascending = (shield === undefined ? kin : [shield]).toSorted(
    (a, b) => a.marker.generation - b.marker.generation,
  )
  const farewells: Farewell[] = []
  let staying: ManagedKey | null = null
  for (const key of ascending) {
    const farewell = pruneUndeclared(lineage.keyId, key, desired.prune.quiet, circumstances)
    farewells.push(afterPredecessor(farewell, staying))
    if (!('revoke' in farewell)) staying ??= key
  }
  return farewells
}

function afterPredecessor(farewell: Farewell, staying: ManagedKey | null): Farewell {
  if (!('revoke' in farewell) || staying === null) return farewell
  const { keyId, live, generation, reason } = farewell.revoke
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
function releaseLineage(desired: DesiredState, lineage: Lineage, circumstances: Circumstances) {
  const received = [...(lineage.head === null ? [] : [lineage.head]), ...lineage.superseded]
  const shield = received.find(({ marker }) => marker.protected)
  if (shield !== undefined) {
    return { releases: [], farewells: [pruneUndeclared(lineage.keyId, shield, 0, circumstances)] }
  }
  const { keyId } = lineage
  const releases = received
    .filter(({ marker }) => marker.state.kind === 'delivered' || marker.state.kind === 'external')
    .map(({ live, marker }): Change => ({ kind: 'release', keyId, live, generation: marker.generation }))
  const others = [...lineage.pending, ...lineage.leaked, ...lineage.superseded].filter(
    key => !releases.some(change => 'live' in change && change.live.id === key.live.id),
  )
  const farewells = others.map(key => pruneUndeclared(keyId, key, desired.prune.quiet, circumstances))
  return { releases, farewells }
}

/** Why a key of nobody has to go; null where it may stay. */
function reasonToGo(live: LiveKey, { prune }: DesiredState, { now }: Circumstances): RevocationReason | null {
  if (prune.unmanaged === 'revoke') return { code: 'unmanaged' }
  const { unused } = prune
  if (unused?.action !== 'revoke' || !isUnused(live, unused.after, now)) return null
  return { code: 'unused', after: unused.after }
}

/** Nobody's keys that the rules speak of: never the calling key, which is who asks, and never a kept one. */
function strangers(desired: DesiredState, { caller }: CurrentState, owned: Owned): readonly LiveKey[] {
  const { keep } = desired.prune
  return owned.unmanaged.filter(
    ({ id, name }) =>
      id !== caller.key?.id && !keep.some(pattern => pattern === id || fitsGlob(pattern, name)),
  )
}

/** In a run of chosen keys, a key of nobody is only meant where `only` names its very id. */
export function prune(desired: DesiredState, owned: Owned, circumstances: Circumstances): Pruning {
  const { current, options } = circumstances
  const cause = withheldBecause(desired, current)
  const undeclared = undeclaredLineages(desired, owned).filter(({ keyId }) =>
    isTargeted(options.targets, keyId),
  )
  const { only } = options.targets
  const outside = strangers(desired, current, owned).filter(
    ({ id }) => isEveryKey(options.targets) || (only.includes(id) && isTargeted(options.targets, id)),
  )
  const doomed = outside.flatMap(live => {
    const reason = reasonToGo(live, desired, circumstances)
    return reason === null ? [] : [{ live, reason }]
  })
  const shown = (left: readonly LiveKey[]) => (desired.prune.unmanaged === 'ignore' ? [] : left)
  if (cause !== null) {
    const keyIds = [...undeclared.map(({ keyId }) => keyId), ...doomed.map(({ live }) => live.id)].sort()
    const findings: Finding[] =
      keyIds.length === 0 ? [] : [{ severity: 'warning', code: 'prune-withheld', keyIds, cause }]
    return { farewells: [], releases: [], findings, unmanaged: shown(outside) }
  }
  const retained = desired.prune.removed === 'retain'
  const released = retained ? undeclared.map(lineage => releaseLineage(desired, lineage, circumstances)) : []
  const revoked = retained ? [] : undeclared.flatMap(lineage => pruneLineage(desired, lineage, circumstances))
  const gone = doomed.map(({ live, reason }) =>
    partWith(live.id, { live, marker: null }, reason, desired.prune.quiet, circumstances),
  )
  return {
    farewells: [...revoked, ...released.flatMap(({ farewells }) => farewells), ...gone],
    releases: released.flatMap(({ releases }) => releases),
    findings: [],
    unmanaged: shown(outside.filter(live => !doomed.some(one => one.live === live))),
  }
}
