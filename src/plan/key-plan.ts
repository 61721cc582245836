import type { Change } from '../model/change.ts'
import type { FieldChange } from '../model/field-change.ts'
import type { Finding } from '../model/finding.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { fieldChanges, narrowing, narrows } from './fields.ts'
import type { CurrentState, PlanOptions } from './input.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Lineage, ManagedKey } from '../lifecycle/lineage.ts'
import { noRemoval, isRemoval } from '../model/removal.ts'
import { removalOf } from './removal.ts'

export interface KeyPlan {
  readonly changes: readonly Change[]
  readonly findings: readonly Finding[]
  /** Once the changes are made, the head's secret is known to be in all its stores. */
  readonly sound: boolean
}

export interface KeyFacts {
  readonly lineage: Lineage
  readonly current: CurrentState
  readonly now: Instant
  readonly options: PlanOptions
  /** When it is this key's turn among its peers; undefined where it has none. */
  readonly turn: number | undefined
}

type HostAction = Extract<Finding, { code: 'other-host' }>['action']

/** Local stores belong to one person's machine: a warning where that is another one, else null. */
export function foreignHost(
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
export function sparingCaller(
  keyId: string,
  { id }: Pick<LiveKey, 'id'>,
  fields: readonly FieldChange[],
  current: Pick<CurrentState, 'caller'>,
): { readonly fields: readonly FieldChange[]; readonly findings: readonly Finding[] } {
  if (id !== current.caller.key?.id) return { fields, findings: [] }
  const kept = fields.filter(change => !narrows(change))
  if (kept.length === fields.length) return { fields, findings: [] }
  const finding = {
    severity: 'warning',
    code: 'calling-key',
    keyId,
    liveId: id,
    action: 'narrow',
  } as const
  return { fields: kept, findings: [finding] }
}

/** What is taken from a key where another takes its place; nothing from the calling one. */
export function narrowingOf(
  desired: DesiredKey,
  key: ManagedKey,
  { current }: Pick<KeyFacts, 'current'>,
): readonly FieldChange[] {
  return sparingCaller(desired.keyId, key.live, narrowing(desired, key), current).fields
}

/**
 * One PATCH that makes a key as declared, and takes its secret out of stores that it lost; or only narrows it where it is
 * superseded.
 */
export function updating(
  desired: DesiredKey,
  key: ManagedKey,
  facts: KeyFacts,
  superseded: boolean,
): KeyPlan {
  const { keyId } = desired
  const wanted = superseded ? narrowing(desired, key) : fieldChanges(desired, key, facts.now)
  const { fields, findings } = sparingCaller(keyId, key.live, wanted, facts.current)
  const { removal, findings: left } = superseded
    ? { removal: noRemoval, findings: [] }
    : removalOf(desired, [key], facts.lineage, facts.options, 'updates')
  const change: Change = { kind: 'update', keyId, desired, live: key.live, superseded, fields, removal }
  const idle = fields.length === 0 && !isRemoval(removal)
  return { changes: idle ? [] : [change], findings: [...findings, ...left], sound: true }
}
