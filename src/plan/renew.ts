import type { Deliver, DeliveryReason, Rotate, RotationReason } from '../model/change.ts'
import { isReadable } from '../lifecycle/health.ts'
import type { Lineage, ManagedKey } from '../lifecycle/lineage.ts'
import type { LiveKey } from '../model/live-key.ts'
import { strategyOf } from '../lifecycle/due.ts'
import { type Decision, type Facts, type KeyCase, nothing, together } from './facts.ts'
import { overtakenBy } from './delivery.ts'
import { foreignHost } from './foreign-host.ts'
import { unfinished } from './heal.ts'
import { predecessorsOf } from './predecessors.ts'
import { proofOf } from './find-proof.ts'
import { removalOf, storeHolders } from './store-removal.ts'
import { fieldsToNarrow, fieldsToUpdate, narrowOf, retireFor, updateOf } from './plan-update.ts'

export interface RenewalReasons {
  readonly rotation: readonly RotationReason[]
  readonly delivery: readonly DeliveryReason[]
}

/** Replaces the secret that consumers have, or delivers it once more. At least one reason is given. */
export function renew(key: KeyCase, head: ManagedKey, reasons: RenewalReasons, facts: Facts): Decision {
  const { desired, lineage } = key
  const rotates = reasons.rotation.length > 0
  const elsewhere = foreignHost(desired, head, rotates ? 'rotate' : 'deliver', facts)
  if (elsewhere !== null) {
    const update = updateOf(key, head, facts)
    return { ...update, findings: [...update.findings, elsewhere] }
  }
  const how = { strategy: strategyFor(key, head, reasons, facts), generation: lineage.next }
  return rotates
    ? rotate(key, head, { ...how, reasons: reasons.rotation }, facts)
    : deliver(key, head, { ...how, reasons: reasons.delivery }, facts)
}

function strategyFor(
  { desired }: KeyCase,
  head: ManagedKey,
  { rotation, delivery }: RenewalReasons,
  { current, now, options }: Facts,
): Rotate['strategy'] {
  const isLeaked = rotation.some(({ code }) => code === 'leaked')
  // What only says that it is ours is replaced, and never given a secret that works; what its users have elsewhere keeps a grace.
  const isTaken = delivery.some(({ code }) => code === 'taken-over' || code === 'overtaken')
  if (isLeaked || isTaken || proofOf(desired, head.live, options) === null) return 'overlap'
  return strategyOf(desired, head.live, current.caller.key?.id ?? null, now)
}

/** In place there is no predecessor: one request brings everything up to date. */
function narrowPredecessor(key: KeyCase, head: ManagedKey, strategy: Rotate['strategy'], facts: Facts) {
  return strategy === 'in-place' ? nothing : narrowOf(key, head, facts)
}

function rotate(
  key: KeyCase,
  head: ManagedKey,
  how: Pick<Rotate, 'strategy' | 'generation' | 'reasons'>,
  facts: Facts,
): Decision {
  const { desired, lineage } = key
  const predecessor = narrowPredecessor(key, head, how.strategy, facts)
  const { removal, findings } = removalOf(
    desired,
    storeHolders(lineage, facts.now),
    lineage,
    facts.options,
    'delivers',
  )
  const { fields } = fieldsToUpdate(desired, head, facts)
  const isLeaked = how.reasons.some(({ code }) => code === 'leaked')
  const change: Rotate = {
    kind: 'rotate',
    ...how,
    keyId: desired.keyId,
    desired,
    live: head.live,
    fields: how.strategy === 'in-place' ? fields.filter(({ field }) => field !== 'expires') : [],
    leaked: isLeaked ? everyGeneration(lineage) : [],
    predecessors:
      isLeaked || how.strategy === 'in-place' ? [] : predecessorsOf(lineage, unfinished(lineage, facts)),
    removal,
  }
  const others = [...lineage.rivals, ...unfinished(lineage, facts)].filter(each => each !== head)
  const retire = (each: ManagedKey) =>
    how.strategy === 'in-place' ? retireFor(head, key, each, facts) : narrowOf(key, each, facts)
  return together({ changes: [change], findings }, predecessor, ...others.map(retire))
}

/**
 * Nobody knows which secret leaked, nor which of them the stores have handed out, so all that live do. In the order in which they
 * are marked: a run that is killed in between leaves a head that the same command finds again.
 */
function everyGeneration({ retiring, rivals, head, pending }: Lineage): readonly LiveKey[] {
  return [...retiring.toReversed(), ...rivals, ...(head === null ? [] : [head]), ...pending].map(
    ({ live }) => live,
  )
}

function deliver(
  key: KeyCase,
  head: ManagedKey,
  how: Pick<Deliver, 'strategy' | 'generation' | 'reasons'>,
  facts: Facts,
): Decision {
  const { desired, lineage } = key
  const { removal, findings: left } = removalOf(
    desired,
    storeHolders(lineage, facts.now),
    lineage,
    facts.options,
    'delivers',
  )
  const overtaken = overtakenBy(lineage, desired.keyId, facts.options)
  // A store that it lost may be the one that has the secret: so a key moves from one store to another.
  const rotates = ![...desired.stores, ...removal.from].some(({ spec }) => isReadable(spec))
  const inPlace = how.strategy === 'in-place'
  const { fields, findings } = fieldsToUpdate(desired, head, facts)
  const change: Deliver = {
    kind: 'deliver',
    ...how,
    keyId: desired.keyId,
    desired,
    live: head.live,
    rotates,
    fields: rotates && !inPlace ? [] : fields,
    narrowing: rotates || inPlace ? [] : fieldsToNarrow(desired, head, facts).fields,
    predecessors: inPlace ? [] : [...(overtaken === null ? [] : [overtaken.live]), head.live],
    removal,
  }
  const predecessor = rotates ? narrowPredecessor(key, head, how.strategy, facts) : nothing
  const rivals = lineage.rivals.map(each => retireFor(head, key, each, facts))
  return together({ changes: [change], findings: [...findings, ...left] }, predecessor, ...rivals)
}
