import { loadConfiguration } from '../../config/load.ts'
import type { Context } from '../../context.ts'
import { type Lineage, lineageOf, markedLast } from '../../lifecycle/lineage.ts'
import { type Owned, ownedKeys } from '../../lifecycle/ownership.ts'
import { possibleKeyIds } from '../../lifecycle/renames.ts'
import type { DesiredKey, DesiredState } from '../../model/desired.ts'
import type { Instant } from '../../model/duration.ts'
import type { Marker } from '../../model/marker.ts'
import { isFree } from '../../plan/adopt.ts'
import type { AfterDeletion, DeletionNote } from '../../render/keys/deletion-note.ts'
import type { FoundKey } from '../find-key.ts'
import { managementOf } from './find-management.ts'

/** What is left of its key id takes its place, or has to be replaced; null where nothing is left. */
function left({ head, pending, rivals, retiring, leaked }: Lineage, now: Instant): AfterDeletion | null {
  if (head !== null) return { kind: 'goes-on' }
  const [unfinished] = pending
  if (unfinished !== undefined) return { kind: 'healed', liveId: unfinished.live.id }
  const former = rivals[0] ?? leaked[0] ?? markedLast(retiring, now)
  return former === undefined ? null : { kind: 'replaced', liveId: former.live.id }
}

/** What a declaration whose last live key is gone leads to. */
function anew({ adopt, name, expires }: DesiredKey, owned: Owned, now: Instant): AfterDeletion {
  const named = [...owned.unmanaged, ...owned.released].filter(
    live => live.id === adopt || live.name === adopt,
  )
  if (adopt !== null && !named.some(isFree)) return { kind: 'not-adopted', adopt }
  if (expires.kind === 'until' && expires.at <= now) return { kind: 'date-past', at: expires.at }
  const notOurs = [...owned.unmanaged, ...owned.released, ...owned.unreadable, ...owned.copied]
  const taken = adopt === null ? notOurs.find(live => live.name === name) : undefined
  return taken === undefined ? { kind: 'created' } : { kind: 'name-taken', liveId: taken.id }
}

/** Of the key id that this marker counts as in a configuration. */
function declaredBy(desired: DesiredState, marker: Marker): DesiredKey | null {
  const keyId = possibleKeyIds(desired)(marker)
  return desired.keys.find(each => each.keyId === keyId) ?? null
}

/** What is to be said of a key that somebody deletes; null where no stack owns it. The configuration may be that of a stack which takes its keys over. */
export async function deletionOf(
  found: FoundKey,
  paths: readonly string[],
  context: Context,
): Promise<DeletionNote | null> {
  const management = await managementOf(found, paths, context)
  if (management === null) return null
  const { marker } = management
  const { key, listing } = found
  const { now } = listing
  const rest = listing.keys.filter(({ id }) => id !== key.id)
  const loaded = await loadConfiguration({ paths, cwd: context.cwd, now: null })
  const own = loaded.ok ? loaded.desired : null
  const desired = own !== null && [own.stack, ...own.formerly].includes(marker.stack) ? own : null
  const declaredNow = desired === null ? null : declaredBy(desired, marker)
  if (desired === null || declaredNow === null) {
    const kin = rest.flatMap(live => {
      if (live.ownership.kind !== 'managed') return []
      const { stack, keyId, state } = live.ownership.marker
      const isKin = stack === marker.stack && keyId === marker.keyId && state.kind !== 'released'
      return isKin ? [{ live, marker: live.ownership.marker }] : []
    })
    const next = left(lineageOf(marker.keyId, kin), now) ?? { kind: 'created' }
    const released = desired?.prune.removed === 'retain'
    const undeclared = marker.protected ? 'protected' : released ? 'released' : 'revoked'
    return { ...management, configuration: desired, declaredNow, next, undeclared }
  }
  const owned = ownedKeys(desired, rest, now)
  const { keyId } = declaredNow
  const next = left(owned.lineages.get(keyId) ?? lineageOf(keyId, []), now) ?? anew(declaredNow, owned, now)
  return { ...management, configuration: desired, declaredNow, next, undeclared: 'revoked' }
}
