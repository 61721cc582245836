import type { Change, DeliveryReason, RotationReason } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { adopting, needlessAdoption, rotateByHand } from './adopt.ts'
import { isReadable } from '../lifecycle/health.ts'
import { deliveryReasons } from './delivery.ts'
import { rotationReasons, strategyOf } from './due.ts'
import { fieldChanges } from './fields.ts'
import { healing } from './heal.ts'
import { type KeyFacts, type KeyPlan, foreignHost, narrowingOf, sparingCaller, updating } from './key-plan.ts'
import type { PlanOptions } from './input.ts'
import { type Lineage, type ManagedKey, overtakes } from '../lifecycle/lineage.ts'
import { removalOf, storeHolders } from './removal.ts'

function renewing(
  desired: DesiredKey,
  head: ManagedKey,
  reasons: { readonly rotation: readonly RotationReason[]; readonly delivery: readonly DeliveryReason[] },
  lineage: Lineage,
  facts: KeyFacts,
): KeyPlan {
  const { keyId } = desired
  const rotates = reasons.rotation.length > 0
  const leaked = reasons.rotation.some(({ code }) => code === 'leaked')
  // What overtook the head may be what its users hold: only a new key gives that a grace of its own.
  const overtaken = reasons.delivery.some(({ code }) => code === 'overtaken')
  const declared = strategyOf(desired, head.live, facts.current.caller.key?.id ?? null, facts.now)
  const strategy = leaked || overtaken ? 'overlap' : declared
  const inPlace = strategy === 'in-place'
  const generation = lineage.highest + 1
  const elsewhere = foreignHost(desired, head, rotates ? 'rotate' : 'deliver', facts.options)
  if (elsewhere !== null) {
    const update = updating(desired, head, facts, false)
    return { ...update, findings: [...update.findings, elsewhere], sound: reasons.delivery.length === 0 }
  }
  // In place there is no predecessor: one request brings everything up to date.
  const predecessor = inPlace ? { changes: [], findings: [] } : updating(desired, head, facts, true)
  const { removal, findings: left } = removalOf(
    desired,
    storeHolders(lineage),
    lineage,
    facts.options,
    'delivers',
  )
  const { fields, findings } = sparingCaller(
    keyId,
    head.live,
    fieldChanges(desired, head, facts.now),
    facts.current,
  )
  if (rotates) {
    const change: Change = {
      kind: 'rotate',
      strategy,
      keyId,
      desired,
      live: head.live,
      generation,
      fields: inPlace ? fields.filter(({ field }) => field !== 'expires') : [],
      reasons: reasons.rotation,
      // Nobody knows which secret the stores have handed out.
      leaked: leaked ? [head, ...lineage.pending.filter(key => key !== head)].map(({ live }) => live) : [],
      removal,
    }
    const warnings = [...predecessor.findings, ...left]
    return { changes: [change, ...predecessor.changes], findings: warnings, sound: true }
  }
  // A store that it lost may be the one that has the secret: so a key moves from one store to another.
  const certain = ![...desired.stores, ...removal.from].some(({ spec }) => isReadable(spec))
  const change: Change = {
    kind: 'deliver',
    strategy: inPlace ? 'in-place' : 'overlap',
    keyId,
    desired,
    live: head.live,
    generation,
    rotates: certain,
    fields: certain && !inPlace ? [] : fields,
    narrowing: certain || inPlace ? [] : narrowingOf(desired, head, facts),
    reasons: reasons.delivery,
    removal,
  }
  const changes = certain ? [change, ...predecessor.changes] : [change]
  return { changes, findings: [...findings, ...left], sound: true }
}

/** Somebody asked for a rotation; a leak is a reason of its own, since it leaves the old key no grace. */
function requestedReasons(keyId: string, { rotate }: PlanOptions): readonly RotationReason[] {
  const request = rotate.get(keyId)
  if (request === undefined) return []
  const requested: RotationReason = { code: 'requested', note: request.note }
  return request.leaked ? [{ code: 'leaked' }, requested] : [requested]
}

const noChanges: KeyPlan = { changes: [], findings: [], sound: false }

/** The first key of a key id, or the successor of one that others know. */
function beginning(desired: DesiredKey, lineage: Lineage, { options }: KeyFacts): KeyPlan {
  const { keyId } = desired
  const [leaked] = lineage.leaked
  const generation = lineage.highest + 1
  if (leaked === undefined) return { ...noChanges, changes: [{ kind: 'create', keyId, desired, generation }] }
  const elsewhere = foreignHost(desired, leaked, 'rotate', options)
  if (elsewhere !== null) return { ...noChanges, findings: [elsewhere] }
  const { removal, findings } = removalOf(desired, [leaked], lineage, options, 'delivers')
  const change: Change = {
    kind: 'rotate',
    strategy: 'overlap',
    keyId,
    desired,
    live: leaked.live,
    generation,
    fields: [],
    reasons: [{ code: 'leaked' }],
    leaked: [],
    removal,
  }
  return { changes: [change], findings, sound: true }
}

/** What has to happen to one declared key, its predecessors' retirement aside. */
export function planDeclaredKey(desired: DesiredKey, lineage: Lineage, facts: KeyFacts): KeyPlan {
  const { keyId } = desired
  const { head } = lineage
  const narrowed = [...lineage.superseded, ...lineage.leaked].map(key => updating(desired, key, facts, true))
  const extra = {
    changes: narrowed.flatMap(({ changes }) => changes),
    findings: [
      ...narrowed.flatMap(({ findings }) => findings),
      ...needlessAdoption(desired, lineage, facts),
      ...rotateByHand(desired, lineage, facts),
    ],
  }
  const withExtra = (plan: KeyPlan): KeyPlan => ({
    changes: [...plan.changes, ...extra.changes],
    findings: [...plan.findings, ...extra.findings],
    sound: plan.sound,
  })

  if (desired.adopt !== null && lineage.highest === 0) return adopting(desired, desired.adopt, facts)

  const [newest] = lineage.pending
  if (desired.expires.kind === 'until' && desired.expires.at <= facts.now) {
    // A new secret would be dead before it is delivered; a guard warns of the date.
    const update = head === null ? noChanges : updating(desired, head, facts, false)
    return withExtra({ ...update, sound: head !== null && newest === undefined })
  }
  const requested = requestedReasons(keyId, facts.options)
  // What others may know is not finished: it gives way to another key.
  const leaks = requested.some(({ code }) => code === 'leaked')
  if (newest !== undefined && !leaks) {
    const heal = healing(desired, lineage, newest, facts)
    const update = head === null ? noChanges : updating(desired, head, facts, heal.changes.length > 0)
    return withExtra({
      changes: [...heal.changes, ...update.changes],
      findings: [...heal.findings, ...update.findings],
      sound: heal.sound,
    })
  }
  const replaced = head ?? newest ?? null
  if (replaced === null) return withExtra(beginning(desired, lineage, facts))
  const adopted = replaced.marker.state.kind === 'external'
  const due = adopted ? [] : rotationReasons(desired, replaced.live, facts.turn, facts.now)
  const rotation = [...due, ...requested]
  const delivery = deliveryReasons(
    desired,
    replaced,
    lineage.superseded.find(key => overtakes(key, lineage, facts.now)) ?? null,
    facts.options.formerStores.found.get(keyId) ?? [],
  )
  if (rotation.length > 0 || delivery.length > 0) {
    return withExtra(renewing(desired, replaced, { rotation, delivery }, lineage, facts))
  }
  return withExtra(updating(desired, replaced, facts, false))
}
