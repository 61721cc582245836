import type { Change, DeliveryReason, FieldChange, Finding, RotationReason } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { type Instant, type Milliseconds, minute } from '../model/duration.ts'
import { deliveryReasons, isReadable } from './delivery.ts'
import { rotationReasons } from './due.ts'
import { fieldChanges, narrowing, narrows } from './fields.ts'
import type { CurrentState, PlanOptions } from './input.ts'
import type { Lineage, ManagedKey } from './lineage.ts'

/** How long a pending key is its maker's business alone. */
export const makersTime: Milliseconds = 15 * minute

/** So many pending keys of one key id, and no more are added: something is wrong with its stores, or with a host. */
export const maximumPending = 3

export interface KeyPlan {
  readonly changes: readonly Change[]
  readonly findings: readonly Finding[]
  /** The head's secret is known to be in all its stores. */
  readonly sound: boolean
}

export interface KeyFacts {
  readonly current: CurrentState
  readonly now: Instant
  readonly options: PlanOptions
  /** The age at which this key is due; undefined where age never rotates it. */
  readonly dueAge: Milliseconds | undefined
}

type HostAction = Extract<Finding, { code: 'other-host' }>['action']

/** Local stores belong to one person's machine: a warning where that is another one, else null. */
function foreignHost(
  desired: DesiredKey,
  { live, marker }: ManagedKey,
  action: HostAction,
  options: PlanOptions,
): Finding | null {
  const here = marker.host === null || marker.host === options.host
  if (here || options.takeOver || !options.localKeys.has(desired.keyId)) return null
  return { severity: 'warning', code: 'other-host', keyId: desired.keyId, liveId: live.id, action }
}

/** The calling key is never narrowed by its own run: such fields are left out, with a warning. */
function sparingCaller(
  keyId: string,
  key: ManagedKey,
  fields: readonly FieldChange[],
  current: CurrentState,
): { readonly fields: readonly FieldChange[]; readonly findings: readonly Finding[] } {
  if (key.live.id !== current.caller.key?.id) return { fields, findings: [] }
  const kept = fields.filter(change => !narrows(change))
  if (kept.length === fields.length) return { fields, findings: [] }
  const finding = {
    severity: 'warning',
    code: 'calling-key',
    keyId,
    liveId: key.live.id,
    action: 'narrow',
  } as const
  return { fields: kept, findings: [finding] }
}

function healing(desired: DesiredKey, lineage: Lineage, { now, options }: KeyFacts): KeyPlan {
  const { keyId } = desired
  const findings: Finding[] = []
  const [newest] = lineage.pending
  if (newest === undefined) return { changes: [], findings, sound: false }
  const makersEnd = newest.live.createdAt + makersTime
  if (newest.marker.host !== options.host && makersEnd > now) {
    findings.push({
      severity: 'warning',
      code: 'being-made',
      keyId,
      liveId: newest.live.id,
      until: makersEnd,
    })
    return { changes: [], findings, sound: false }
  }
  const elsewhere = foreignHost(desired, newest, 'heal', options)
  if (elsewhere !== null) return { changes: [], findings: [elsewhere], sound: false }
  const others = lineage.pending.filter(({ marker }) => marker.host !== options.host)
  const full = others.length >= maximumPending
  if (full) {
    const liveIds = lineage.pending.map(({ live }) => live.id)
    findings.push({ severity: 'warning', code: 'too-many-pending', keyId, liveIds })
  }
  const pending = lineage.pending.map(({ live }) => live)
  const generation = full ? null : lineage.highest + 1
  return { changes: [{ kind: 'heal', keyId, desired, pending, generation }], findings, sound: false }
}

function updating(desired: DesiredKey, key: ManagedKey, facts: KeyFacts, superseded: boolean): KeyPlan {
  const { keyId } = desired
  const wanted = superseded ? narrowing(desired, key) : fieldChanges(desired, key, facts.now)
  const { fields, findings } = sparingCaller(keyId, key, wanted, facts.current)
  const change: Change = { kind: 'update', keyId, desired, live: key.live, superseded, fields }
  return { changes: fields.length === 0 ? [] : [change], findings, sound: true }
}

function renewing(
  desired: DesiredKey,
  head: ManagedKey,
  reasons: { readonly rotation: readonly RotationReason[]; readonly delivery: readonly DeliveryReason[] },
  lineage: Lineage,
  facts: KeyFacts,
): KeyPlan {
  const { keyId } = desired
  const generation = lineage.highest + 1
  const rotates = reasons.rotation.length > 0
  const elsewhere = foreignHost(desired, head, rotates ? 'rotate' : 'deliver', facts.options)
  if (elsewhere !== null) {
    const update = updating(desired, head, facts, false)
    return { ...update, findings: [...update.findings, elsewhere], sound: reasons.delivery.length === 0 }
  }
  const predecessor = updating(desired, head, facts, true)
  const sound = reasons.delivery.length === 0
  if (rotates) {
    const change: Change = {
      kind: 'rotate',
      keyId,
      desired,
      live: head.live,
      generation,
      reasons: reasons.rotation,
    }
    return { changes: [change, ...predecessor.changes], findings: predecessor.findings, sound }
  }
  const certain = !desired.stores.some(isReadable)
  const { fields, findings } = sparingCaller(
    keyId,
    head,
    fieldChanges(desired, head, facts.now),
    facts.current,
  )
  const change: Change = {
    kind: 'deliver',
    keyId,
    desired,
    live: head.live,
    generation,
    rotates: certain,
    fields: certain ? [] : fields,
    reasons: reasons.delivery,
  }
  return { changes: certain ? [change, ...predecessor.changes] : [change], findings, sound }
}

/** What has to happen to one declared key, its predecessors' retirement aside. */
export function planDeclaredKey(desired: DesiredKey, lineage: Lineage, facts: KeyFacts): KeyPlan {
  const { keyId } = desired
  const { head } = lineage
  const narrowed = lineage.superseded.map(key => updating(desired, key, facts, true))
  const extra = {
    changes: narrowed.flatMap(({ changes }) => changes),
    findings: narrowed.flatMap(({ findings }) => findings),
  }
  const withExtra = (plan: KeyPlan): KeyPlan => ({
    changes: [...plan.changes, ...extra.changes],
    findings: [...plan.findings, ...extra.findings],
    sound: plan.sound,
  })

  if (lineage.pending.length > 0) {
    const heal = healing(desired, lineage, facts)
    const update = head === null ? null : updating(desired, head, facts, heal.changes.length > 0)
    return withExtra({
      changes: [...heal.changes, ...(update?.changes ?? [])],
      findings: [...heal.findings, ...(update?.findings ?? [])],
      sound: false,
    })
  }
  if (head === null) {
    const [leaked] = lineage.leaked
    const generation = lineage.highest + 1
    const change: Change =
      leaked === undefined
        ? { kind: 'create', keyId, desired, generation }
        : { kind: 'rotate', keyId, desired, live: leaked.live, generation, reasons: [{ code: 'leaked' }] }
    return { changes: [change], findings: [], sound: false }
  }
  if (head.marker.state.kind === 'external') return withExtra(updating(desired, head, facts, false))

  const rotation = rotationReasons(desired, head.live, facts.dueAge, facts.now)
  const delivery = deliveryReasons(desired, head)
  if (rotation.length > 0 || delivery.length > 0) {
    return withExtra(renewing(desired, head, { rotation, delivery }, lineage, facts))
  }
  return withExtra(updating(desired, head, facts, false))
}
