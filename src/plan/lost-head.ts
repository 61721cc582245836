import { hashId } from '../lifecycle/binding.ts'
import { isReadable } from '../lifecycle/health.ts'
import { type ManagedKey, markedAt } from '../lifecycle/lineage.ts'
import type { RotationReason } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { minute } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Proof } from '../model/proof.ts'
import { noRemoval } from '../model/removal.ts'
import { rotationReasons } from '../lifecycle/due.ts'
import { type Decision, type Facts, type KeyCase, nothing, together } from './facts.ts'
import { replaceFormer } from './make.ts'
import { isOfThisPlace } from './place.ts'
import { proofOf } from './find-proof.ts'
import { fieldsToUpdate, narrowOf } from './plan-update.ts'

/** How long whoever marked a key has to finish what comes after. */
const markersTime = 15 * minute

/** A list may show a new key only seconds after it was made, and its predecessor's mark at once. */
const listsTime = minute

/**
 * Was it marked by a run that is over? A key whose local stores are here is replaced by runs here, which hold the lock that we hold
 * now. Such a run revokes a successor that no store took.
 */
function isOurMark({ marker }: ManagedKey, { options }: Facts): boolean {
  return options.locked && isOfThisPlace(marker.keyId, marker, options)
}

/** The key that a retiring one names, where it lives and nothing in its description says that it is ours. */
function unmarkedSuccessor({ marker: { state } }: ManagedKey, { owned }: Facts): LiveKey | null {
  if (state.kind !== 'retiring') return null
  const unmarked = [...owned.unmanaged, ...owned.unreadable, ...owned.copied]
  return unmarked.find(({ id }) => hashId(id) === state.successor) ?? null
}

/** The head lost its marker, and a store proves that it is the head: one PATCH gives it back, and makes the key as declared. */
function recognise(
  { desired, lineage }: KeyCase,
  { live, marker }: ManagedKey,
  proof: Proof,
  facts: Facts,
): Decision {
  const { keyId } = desired
  const { fields, findings } = fieldsToUpdate(desired, { live, marker }, facts)
  return {
    findings,
    changes: [
      {
        kind: 'update',
        keyId,
        desired,
        live,
        superseded: false,
        fields: [
          ...fields,
          { field: 'state', current: 'no marker', desired: 'delivered', cause: 'drift', widens: false },
        ],
        mark: { event: 'recognised', generation: lineage.next },
        proof,
        removal: noRemoval,
      },
    ],
  }
}

/**
 * Does one store that holds its secret show that all do? Not where others belong to a place: a shared one shows nothing of a file of
 * another host or folder.
 */
function isWhole({ keyId, stores }: DesiredKey, { options }: Facts): boolean {
  return !options.localKeys.has(keyId) || stores.filter(({ spec }) => isReadable(spec)).length === 1
}

function beingReplaced(keyId: string, { live }: ManagedKey, until: number): Finding {
  return { severity: 'warning', code: 'being-made', keyId, liveId: live.id, until, lacksSuccessor: true }
}

/** Nothing proves that it is what the stores hold, but users may have its secret: it gets a grace. */
function withPredecessor(live: LiveKey, decision: Decision): Decision {
  const changes = decision.changes.map(change =>
    change.kind === 'rotate' ? { ...change, predecessors: [...change.predecessors, live] } : change,
  )
  return { ...decision, changes }
}

/** Only retiring keys are left: the key that took their place was deleted, or lost its marker. `newest` was marked last. */
export function replaceLostHead(
  key: KeyCase,
  newest: ManagedKey,
  requested: readonly RotationReason[],
  facts: Facts,
): Decision {
  const { keyId } = key.desired
  const { state } = newest.marker
  if (state.kind !== 'retiring') return nothing
  const unmarked = unmarkedSuccessor(newest, facts)
  const proof = unmarked === null ? null : proofOf(key.desired, unmarked, facts.options)
  // Recognised, it would have to be rotated at once.
  const { slots, now } = facts
  const stays =
    unmarked !== null && rotationReasons(key.desired, unmarked, slots.get(keyId), now).length === 0
  if (stays && proof !== null && isWhole(key.desired, facts))
    return recognise(key, { live: unmarked, marker: newest.marker }, proof, facts)
  const until =
    markedAt(newest, facts.now) + (unmarked === null && isOurMark(newest, facts) ? listsTime : markersTime)
  if (until > facts.now) return { ...nothing, findings: [beingReplaced(keyId, newest, until)] }
  const decision = replaceFormer(key, newest, [{ code: 'head-lost', since: state.at }, ...requested], facts)
  if (unmarked === null || decision.changes.length === 0) return decision
  const narrowed = narrowOf(key, { live: unmarked, marker: newest.marker }, facts)
  return together(withPredecessor(unmarked, decision), narrowed)
}
