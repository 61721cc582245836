import { lastUsers, notMoved } from '../lifecycle/last-users.ts'
import type { Lineage } from '../lifecycle/lineage.ts'
import type { AffectedConsumer } from '../model/affected-consumer.ts'
import type { Change, Update } from '../model/change.ts'
import type { Consumer } from '../model/consumer.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { LiveKey } from '../model/live-key.ts'
import { permissionOf } from '../model/operation.ts'
import { permissionsBeyond } from '../model/permission.ts'
import { scopeBeyond } from '../model/scope.ts'

/** Everybody who is declared: whoever uses the key has its secret. */
function everybody(
  { keyId, consumers }: DesiredKey,
  { id: liveId }: LiveKey,
  effect: AffectedConsumer['effect'],
): readonly AffectedConsumer[] {
  return consumers.map(({ name }) => ({
    keyId,
    consumer: name,
    effect,
    liveId,
    seenAt: null,
    certain: true,
  }))
}

/** May it need what an update takes away? */
function isNarrowed({ operations, projects }: Consumer, { fields }: Update): boolean {
  return fields.some(field => {
    if (field.field === 'permissions') {
      const lost = permissionsBeyond(field.current, field.desired)
      if (lost.length === 0) return false
      return operations === null || operations.some(each => isLost(each, lost))
    }
    if (field.field !== 'scope') return false
    const lost = scopeBeyond(field.current, field.desired)
    if (lost.length === 0) return false
    if (projects === null) return true
    const kept = field.desired
    return projects.some(each => kept !== 'all' && !kept.includes(each))
  })
}

/** An operation that this version does not know may need any permission. */
function isLost(operation: string, lost: readonly string[]): boolean {
  const permission = permissionOf(operation)
  return permission === undefined || (permission !== null && lost.includes(permission))
}

function byChange(change: Change, declared: ReadonlyMap<string, DesiredKey>): readonly AffectedConsumer[] {
  const desired = declared.get(change.keyId)
  if (desired === undefined) return []
  switch (change.kind) {
    case 'rotate': {
      const isAtOnce = change.strategy === 'in-place' || change.leaked.length > 0
      return everybody(desired, change.live, isAtOnce ? 'cut-off' : 'reads-anew')
    }
    case 'deliver':
      if (!change.rotates) return []
      return everybody(desired, change.live, change.strategy === 'in-place' ? 'cut-off' : 'reads-anew')
    case 'update': {
      const consumers = desired.consumers.filter(each => isNarrowed(each, change))
      return everybody({ ...desired, consumers }, change.live, 'narrowed')
    }
    case 'revoke':
      return change.reason.code === 'leaked' ? [] : lastUsers(desired, change.live, 'revoked')
    case 'create':
    case 'adopt':
    case 'heal':
    case 'release':
      return []
  }
}

function compare(a: AffectedConsumer, b: AffectedConsumer): number {
  const text = ({ keyId, effect, liveId, consumer }: AffectedConsumer) =>
    [keyId, effect, liveId, consumer ?? '\uffff'].join('\0')
  return text(a) < text(b) ? -1 : 1
}

/** Which consumers the changes of a plan touch, and which have not moved to the new secret; from the declarations and last uses alone. Sorted. */
export function affectedConsumers(
  changes: readonly Change[],
  keys: readonly DesiredKey[],
  lineages: ReadonlyMap<string, Lineage>,
): readonly AffectedConsumer[] {
  const declared = new Map(keys.filter(({ consumers }) => consumers.length > 0).map(key => [key.keyId, key]))
  const changed = changes.flatMap(change => byChange(change, declared))
  const revoked = new Set(changes.flatMap(change => (change.kind === 'revoke' ? [change.live.id] : [])))
  const waiting = [...declared.values()].flatMap(key =>
    notMoved(
      key,
      (lineages.get(key.keyId)?.retiring ?? []).filter(({ live }) => !revoked.has(live.id)),
    ),
  )
  return [...changed, ...waiting].sort(compare)
}
