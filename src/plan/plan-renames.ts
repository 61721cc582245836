import type { Change, Update } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { type FieldChange, isRename } from '../model/field-change.ts'
import type { Finding, HeldFinding } from '../model/finding.ts'
import { noRemoval } from '../model/removal.ts'
import { isEveryKey } from '../model/targets.ts'
import { type Lineage, type ManagedKey, isOlder, membersOf } from '../lifecycle/lineage.ts'
import type { Owned } from '../lifecycle/ownership.ts'
import { type NamedKeys, type RenameHeld, leads } from '../lifecycle/renames.ts'
import { type Decision, type Facts, type KeyCase, together } from './facts.ts'
import { beingMade, makersTime } from './heal.ts'
import { retireFor, retiringField } from './plan-update.ts'

/** What one PATCH writes of a rename: nothing on the platform but the marker changes. */
function renamedFields({ marker }: ManagedKey, keyId: string, stack: string): readonly FieldChange[] {
  const rest = { cause: 'changed', widens: false } as const
  return [
    ...(marker.stack === stack
      ? []
      : [{ field: 'stack', current: marker.stack, desired: stack, ...rest } as const]),
    ...(marker.keyId === keyId
      ? []
      : [{ field: 'key id', current: marker.keyId, desired: keyId, ...rest } as const]),
  ]
}

export function renames(change: Change): change is Update {
  return change.kind === 'update' && change.fields.some(isRename)
}

/** It says that the key leads no more. */
const retires = ({ mark }: Update): boolean => mark.event === 'retired'

/** What is left of an update whose key the same plan revokes: its names, and that it does not lead. */
export function onlyRename(change: Update): Update {
  const fields = change.fields.filter(each => isRename(each) || (retires(change) && each.field === 'state'))
  const mark = retires(change) ? change.mark : ({ event: 'narrowed' } as const)
  return { ...change, superseded: true, fields, mark, proof: null, removal: noRemoval }
}

/** One PATCH that writes the names of a key, and nothing else. */
function renameOf(
  { desired, lineage }: KeyCase,
  { live }: ManagedKey,
  names: readonly FieldChange[],
): Update {
  const { keyId } = desired
  const superseded = live !== lineage.head?.live
  const rest = { mark: { event: 'narrowed' }, proof: null, removal: noRemoval } as const
  return { kind: 'update', keyId, desired, live, superseded, fields: names, ...rest }
}

/** The same update, by which a key retires for the head. */
function retiringToo(update: Update, key: ManagedKey, head: ManagedKey): Update {
  if (retires(update)) return update
  const fields = [...update.fields, retiringField(key)]
  return { ...update, fields, mark: { event: 'retired', successor: head.live.id } }
}

/**
 * The decision, with an update for each key that bears a former name: apply carries these out before anything else, so that no
 * successor is delivered, and nothing revoked, while a predecessor still has the former name. Where several say that they lead, all
 * but the head retire; where nothing tells which one is the head, they get their names with the mark that names their successor.
 */
export function withRenames(key: KeyCase, decision: Decision, facts: Facts): Decision {
  const { desired, lineage } = key
  const { head, rivals } = lineage
  const { stack } = facts.desired
  // Nearly every key.
  if (membersOf(lineage).every(({ marker }) => marker.stack === stack && marker.keyId === desired.keyId))
    return decision
  const names = new Map(
    membersOf(lineage)
      .filter(member => head !== null || !rivals.includes(member))
      .map(member => [member.live, renamedFields(member, desired.keyId, stack)] as const),
  )
  const isNamed = ({ live }: ManagedKey) => (names.get(live) ?? []).length === 0
  const updated = new Set(decision.changes.flatMap(change => (change.kind === 'update' ? [change.live] : [])))
  const without = membersOf(lineage).filter(member => !isNamed(member) && !updated.has(member.live))
  const retiring =
    head === null
      ? []
      : rivals.filter(rival => without.includes(rival)).map(rival => retireFor(head, key, rival, facts))
  const { changes, findings } = together(decision, ...retiring)
  const extended = changes.map(change => {
    if (change.kind !== 'update') return change
    const added = names.get(change.live) ?? []
    if (added.length === 0) return change
    const rival = rivals.find(({ live }) => live === change.live)
    const update = rival === undefined || head === null ? change : retiringToo(change, rival, head)
    return { ...update, fields: [...update.fields, ...added] }
  })
  const others = without.filter(member => !rivals.includes(member))
  const renamed = others.map(member => renameOf(key, member, names.get(member.live) ?? []))
  return { changes: [...extended, ...renamed], findings }
}

/**
 * The order in which the keys of one key id are renamed: the head last. So as long as a head bears the former name, the rename is
 * not finished, and once it bears the new one, whatever leads under the former name was made since.
 */
export function inRenameOrder(group: readonly Update[]): readonly Update[] {
  const rank = (change: Update) => {
    const { ownership } = change.live
    if (ownership.kind !== 'managed' || !leads(ownership.marker)) return 0
    return retires(change) ? 1 : 2
  }
  return group.toSorted((a, b) => rank(a) - rank(b) || (isOlder(a.live, b.live) ? -1 : 1))
}

const named = ({ stack, keyId, keys }: Pick<NamedKeys, 'stack' | 'keyId' | 'keys'>) => ({
  name: `${stack}/${keyId}`,
  liveIds: keys.map(({ live }) => live.id).sort(),
})

function heldFinding({ keyId, cause, names }: RenameHeld): HeldFinding {
  return { severity: 'held', code: 'rename-held', keyId, cause, names: names.map(named), until: null }
}

/** A former stack's run has a lock of its own, so nothing here tells that it is over; another host's never does. */
function makingUntil(
  keyId: string,
  { live, marker }: ManagedKey,
  stack: string,
  facts: Pick<Facts, 'options' | 'now'>,
): number | null {
  if (marker.state.kind !== 'pending') return null
  const until = live.createdAt + makersTime
  const isMaking =
    marker.stack === stack ? beingMade(keyId, { live, marker }, facts) !== null : until > facts.now
  return isMaking ? until : null
}

/** A run that works under a former name would finish its key there, when the others have the new one. */
function beingMadeUnderFormerName(
  lineage: Lineage,
  stack: string,
  facts: Pick<Facts, 'options' | 'now'>,
): HeldFinding | null {
  const { keyId } = lineage
  for (const key of membersOf(lineage)) {
    const { marker } = key
    if (marker.stack === stack && marker.keyId === keyId) continue
    const until = makingUntil(keyId, key, stack, facts)
    if (until === null) continue
    const names = [named({ stack: marker.stack, keyId: marker.keyId, keys: [key] })]
    return { severity: 'held', code: 'rename-held', keyId, cause: 'being-made', names, until }
  }
  return null
}

/** The declared keys that wait, since it is not clear what their former names stand for. */
export function heldRenames(
  declared: readonly DesiredKey[],
  stack: string,
  owned: Pick<Owned, 'heldRenames' | 'lineages'>,
  facts: Pick<Facts, 'options' | 'now'>,
): readonly HeldFinding[] {
  const held = new Map(owned.heldRenames.map(each => [each.keyId, heldFinding(each)] as const))
  const findings: HeldFinding[] = []
  for (const { keyId } of declared) {
    const lineage = owned.lineages.get(keyId)
    const making = () => (lineage === undefined ? null : beingMadeUnderFormerName(lineage, stack, facts))
    const found = held.get(keyId) ?? making()
    if (found !== null) findings.push(found)
  }
  return findings
}

/** The key ids of this stack that a held rename is about: the declared one, and a former one that is in use. */
export function keyIdsLeftAlone(findings: readonly HeldFinding[], stack: string): ReadonlySet<string> {
  const prefix = `${stack}/`
  return new Set(
    findings.flatMap(({ keyId, names }) => [
      keyId,
      ...names.flatMap(({ name }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])),
    ]),
  )
}

/** Keys of former stacks that nothing here declares: nobody touches them, and nobody else may know of them. */
export function leftInFormerStacks(
  { left }: Pick<Owned, 'left'>,
  { options }: Pick<Facts, 'options'>,
): readonly Finding[] {
  if (left.length === 0 || !isEveryKey(options.targets)) return []
  const stacks = [...new Set(left.map(({ marker }) => marker.stack))].sort()
  return stacks.map(stack => {
    const keyIds = left.flatMap(({ marker }) => (marker.stack === stack ? [marker.keyId] : []))
    return { severity: 'warning', code: 'left-in-former-stack', stack, keyIds: [...new Set(keyIds)].sort() }
  })
}

/**
 * A key that is to be made while another stack has one of the same key id and name: that is what a renamed stack looks like. One
 * finding for each such stack, for it names what would be left without anybody to manage it.
 */
export function madeElsewhere(changes: readonly Change[], { desired, current }: Facts): readonly Finding[] {
  const created = new Map(
    changes.flatMap(change =>
      change.kind === 'create' ? [[change.keyId, change.desired.name] as const] : [],
    ),
  )
  if (created.size === 0) return []
  const found = new Map<string, { keyIds: Set<string>; liveIds: string[] }>()
  for (const { id, name, status, ownership } of current.keys) {
    if (status === 'revoked' || ownership.kind !== 'managed') continue
    const { stack, keyId, state } = ownership.marker
    const isOther = stack !== desired.stack && !desired.formerly.includes(stack) && state.kind !== 'released'
    if (!isOther || created.get(keyId) !== name) continue
    const group = found.get(stack) ?? { keyIds: new Set<string>(), liveIds: [] }
    group.keyIds.add(keyId)
    group.liveIds.push(id)
    found.set(stack, group)
  }
  return [...found].map(([stack, { keyIds, liveIds }]) => ({
    severity: 'warning',
    code: 'made-by-other-stack',
    stack,
    keyIds: [...keyIds].sort(),
    liveIds: liveIds.sort(),
  }))
}
