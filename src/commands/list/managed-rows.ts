import { type Lineage, type ManagedKey, lineageOf, membersOf } from '../../lifecycle/lineage.ts'
import { ownedKeys } from '../../lifecycle/ownership.ts'
import type { Calendar } from '../../model/calendar.ts'
import type { Plan } from '../../model/change.ts'
import type { DesiredKey, DesiredState } from '../../model/desired.ts'
import { secretMadeAt } from '../../model/live-key.ts'
import type { ManagedRow } from '../../model/managed-row.ts'
import type { CurrentState } from '../../plan/input.ts'

interface Facts {
  readonly plan: Plan
  readonly calendar: Calendar
}

function stateOf({ live, marker }: ManagedKey, declared: DesiredKey | null, { plan }: Facts): string {
  const { kind } = marker.state
  const leaves =
    plan.retiring.some(each => each.live.id === live.id) ||
    plan.changes.some(change => change.kind === 'revoke' && change.live.id === live.id)
  if (kind === 'leaked') return kind
  if (leaves || kind === 'retiring') return 'retiring'
  if (kind === 'external') return 'adopted'
  return declared === null ? 'undeclared' : kind
}

function nextEvent(liveId: string, { calendar }: Facts): ManagedRow['next'] {
  const entry = calendar.entries.find(each => each.liveId === liveId)
  return entry === undefined ? null : { event: entry.event, at: entry.at }
}

function liveRow(
  key: ManagedKey,
  { head, keyId }: Lineage,
  declared: DesiredKey | null,
  facts: Facts,
): ManagedRow {
  const { live, marker } = key
  const isHead = head?.live.id === live.id
  return {
    keyId,
    name: live.name,
    liveId: live.id,
    generation: marker.generation,
    state: stateOf(key, declared, facts),
    age: Math.max(0, facts.plan.now - secretMadeAt(live)),
    maxAge: isHead ? (declared?.rotation.maxAge ?? null) : null,
    next: nextEvent(live.id, facts),
    stores: isHead && declared !== null ? declared.stores.map(({ spec }) => spec) : [],
    use: live,
  }
}

function missingRow({ keyId, name, stores }: DesiredKey): ManagedRow {
  return {
    keyId,
    name,
    liveId: null,
    generation: null,
    state: 'not created',
    age: null,
    maxAge: null,
    next: null,
    stores: stores.map(({ spec }) => spec),
    use: null,
  }
}

/** All keys of the stack, declared and live, by key id; of one key id the key at work first. Pure. */
export function managedRows(
  desired: DesiredState,
  current: CurrentState,
  facts: Facts,
): readonly ManagedRow[] {
  const { lineages } = ownedKeys(desired, current.keys, facts.plan.now)
  const declared = new Map(desired.keys.map(key => [key.keyId, key]))
  const keyIds = [...new Set([...declared.keys(), ...lineages.keys()])].sort()
  return keyIds.flatMap(keyId => {
    const key = declared.get(keyId) ?? null
    const lineage = lineages.get(keyId) ?? lineageOf(keyId, [])
    const rows = membersOf(lineage).map(member => liveRow(member, lineage, key, facts))
    return rows.length === 0 && key !== null ? [missingRow(key)] : rows
  })
}
