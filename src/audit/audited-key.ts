import type { AuditSubject } from '../model/audit.ts'
import type { DesiredKey, DesiredState } from '../model/desired.ts'
import type { Environment } from '../model/environment.ts'
import { fitsGlob } from '../model/glob.ts'
import { type Lineage, membersOf } from '../lifecycle/lineage.ts'
import { type LiveKey, shownEnvironment } from '../model/live-key.ts'
import { ownedKeys } from '../lifecycle/ownership.ts'
import { rotationSlots } from '../lifecycle/spread.ts'
import { isEveryKey, isTargeted } from '../model/targets.ts'
import { stateAt } from '../model/desired-at.ts'
import { isAdopted } from '../model/wanted-end.ts'
import type { AuditFacts } from './audit-facts.ts'

/** A key that is declared, with what of it is live. */
export interface DeclaredKey {
  readonly kind: 'declared'
  readonly desired: DesiredKey
  /** Null offline, and where it has no live key. */
  readonly lineage: Lineage | null
  /** The key whose secret consumers have; null where there is none. */
  readonly head: LiveKey | null
  /** When its rotation is due among those of its peers, as in a plan. */
  readonly slot: number | undefined
  /** All its live keys: whoever uses a predecessor needs what it grants, too. */
  readonly members: readonly LiveKey[]
}

/** A live key that nothing declares. */
export interface UndeclaredKey {
  readonly kind: 'undeclared'
  readonly live: LiveKey
}

export type AuditedKey = DeclaredKey | UndeclaredKey

export function subjectOf(key: AuditedKey): AuditSubject {
  if (key.kind === 'undeclared')
    return { keyId: null, liveId: key.live.id, name: key.live.name, generation: null }
  const { desired, head } = key
  const generation = head?.ownership.kind === 'managed' ? head.ownership.marker.generation : null
  return { keyId: desired.keyId, liveId: head?.id ?? null, name: desired.name, generation }
}

/** As declared, else as the platform chose. */
export function environmentOf({ desired, head }: DeclaredKey): Environment | null {
  return desired.environment ?? (head === null ? null : shownEnvironment(head))
}

/** Others hold its secret, or will: apply gives it an end and does not renew it. */
export function isHeldByOthers({ desired, head }: DeclaredKey): boolean {
  return head === null ? desired.adopt !== null : isAdopted(head)
}

export function liveKeysOf(key: AuditedKey): readonly LiveKey[] {
  return key.kind === 'declared' ? key.members : [key.live]
}

/** The audit itself calls with it: it is in use, and who would revoke it would end their own access. */
export function isCallingKey(key: AuditedKey, { live }: Pick<AuditFacts, 'live'>): boolean {
  const caller = live?.caller.key?.id
  return caller !== undefined && liveKeysOf(key).some(({ id }) => id === caller)
}

function isKept({ id, name }: LiveKey, { prune }: DesiredState): boolean {
  return prune.keep.some(pattern => pattern === id || fitsGlob(pattern, name))
}

function isNamedByAdopt({ id, name }: LiveKey, { keys }: DesiredState): boolean {
  return keys.some(({ adopt }) => adopt !== null && (adopt === id || adopt === name))
}

/** Sorted: the declared keys by key id, then those that nothing declares by id. Other stacks' keys are none of them. */
export function auditedKeys({
  desired,
  live,
  now,
  targets,
}: Pick<AuditFacts, 'desired' | 'live' | 'now' | 'targets'>): readonly AuditedKey[] {
  const owned = ownedKeys(desired, live?.keys ?? [], now)
  const slots = rotationSlots(desired.stack, desired.keys)
  const declared = stateAt(desired, now).keys.map((key): DeclaredKey => {
    const lineage = owned.lineages.get(key.keyId) ?? null
    return {
      kind: 'declared',
      desired: key,
      lineage,
      head: (lineage?.head ?? lineage?.rivals[0])?.live ?? null,
      slot: slots.get(key.keyId),
      members: lineage === null ? [] : membersOf(lineage).map(member => member.live),
    }
  })
  const ids = new Set(desired.keys.map(({ keyId }) => keyId))
  const removed = [...owned.lineages.values()].filter(({ keyId }) => !ids.has(keyId)).flatMap(membersOf)
  const undeclared = [...owned.unmanaged, ...owned.copied, ...removed.map(member => member.live)]
    .filter(key => !isKept(key, desired) && !isNamedByAdopt(key, desired))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  if (!isEveryKey(targets)) return declared.filter(key => isTargeted(targets, key.desired.keyId))
  return [...declared, ...undeclared.map(each => ({ kind: 'undeclared', live: each }) as const)]
}
