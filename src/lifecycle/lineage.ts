import { type Instant, minute } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { hashId } from './binding.ts'

/** A live key with this stack's marker. */
export interface ManagedKey {
  readonly live: LiveKey
  readonly marker: Marker
}

/** Is a key shown to be ours by more than its marker? */
export type IsProven = (keyId: string, live: Pick<LiveKey, 'id'>) => boolean

export const nothingProven: IsProven = () => false

/** The live keys of one key id, by what their markers say. In each list the key that was made last comes first. */
export interface Lineage {
  readonly keyId: string
  /** The one whose secret the stores hold; null where none says so, or several do and nothing proves which. */
  readonly head: ManagedKey | null
  /** Others that say that they are delivered or adopted: they have to retire. */
  readonly rivals: readonly ManagedKey[]
  /** Made, and not delivered. */
  readonly pending: readonly ManagedKey[]
  /** A successor is made, and they end. */
  readonly retiring: readonly ManagedKey[]
  /** Leaked. */
  readonly leaked: readonly ManagedKey[]
  /** The number of the next generation. */
  readonly next: number
}

/** Generations have six digits at most; they number, so counting may begin anew. */
const maximumGeneration = 999_999

/** All live keys of a key id. */
export function membersOf(lineage: Lineage): readonly ManagedKey[] {
  const { head, rivals, pending, retiring, leaked } = lineage
  if (head !== null && isAlone(lineage)) return [head]
  return [...(head === null ? [] : [head]), ...rivals, ...pending, ...retiring, ...leaked]
}

export function isEmpty(lineage: Lineage): boolean {
  return membersOf(lineage).length === 0
}

/** Of two live keys, the one that everyone agrees was made first. */
export function isOlder(a: LiveKey, b: LiveKey): boolean {
  return a.createdAt === b.createdAt ? a.id < b.id : a.createdAt < b.createdAt
}

const byAge = (a: ManagedKey, b: ManagedKey) => (isOlder(a.live, b.live) ? 1 : -1)

/** When a key's secret was first handed out by us; null where it is not known to have been. */
export function deliveredAt({ marker: { state } }: ManagedKey): Instant | null {
  switch (state.kind) {
    case 'delivered':
      return state.at
    case 'retiring':
      return state.delivered
    case 'pending':
    case 'external':
    case 'leaked':
    case 'released':
      return null
  }
}

/** The key whose secret the stores hold, as far as markers tell; null where none was delivered. */
export function storeTop({ head, rivals, retiring, leaked }: Lineage): ManagedKey | null {
  if (head !== null) return head
  return rivals[0] ?? retiring.find(key => deliveredAt(key) !== null) ?? leaked[0] ?? null
}

/** When a key was marked as retiring. A moment that has not come yet was written by nobody who did that, and counts as long ago. */
export function markedAt({ marker: { state } }: ManagedKey, now: Instant): Instant {
  return state.kind === 'retiring' && state.at <= now + minute ? state.at : 0
}

/** Of retiring keys the one that was marked last: whoever did that may still be at work. */
export function markedLast(retiring: readonly ManagedKey[], now: Instant): ManagedKey | undefined {
  return retiring.toSorted((a, b) => markedAt(b, now) - markedAt(a, now))[0]
}

/**
 * The successor that a retiring key names, among keys; undefined where it is not one of them. With the pasted marker of its predecessor
 * a key names itself.
 */
export function successorAmong<T extends { readonly live: Pick<LiveKey, 'id'> }>(
  { live: { id }, marker: { state } }: ManagedKey,
  keys: readonly T[],
): T | undefined {
  if (state.kind !== 'retiring') return undefined
  return keys.find(({ live }) => live.id !== id && hashId(live.id) === state.successor)
}

/**
 * The end of a retiring key's grace: one grace after the later of its mark and its successor's delivery. Null as long as that
 * delivery is not known.
 */
export function graceEnd(key: ManagedKey, lineage: Lineage): Instant | null {
  const { state } = key.marker
  if (state.kind !== 'retiring') return null
  const successor = successorAmong(key, membersOf(lineage)) ?? lineage.head
  if (successor === null) return null
  // An adopted head was handed out by others, before anything could retire for it.
  const delivery = successor.marker.state.kind === 'external' ? state.at : deliveredAt(successor)
  return delivery === null ? null : state.graceUntil + Math.max(0, delivery - state.at)
}

/**
 * Of several that say so, the one that is proven: rather by what a store holds than otherwise, and a later delivery first, since
 * stores hold what was written last.
 */
function headOf(
  keyId: string,
  received: readonly ManagedKey[],
  isProven: IsProven,
  isHeld: IsProven,
): ManagedKey | null {
  const [only, ...others] = received
  if (only === undefined || others.length === 0) return only ?? null
  const held = received.filter(({ live }) => isHeld(keyId, live))
  const proven = held.length > 0 ? held : received.filter(({ live }) => isProven(keyId, live))
  return proven.toSorted((a, b) => (deliveredAt(b) ?? 0) - (deliveredAt(a) ?? 0))[0] ?? null
}

/** One more than any; a number that somebody made up must not end the counting, so it goes on from the head's then. */
function nextGeneration(head: ManagedKey | null, members: readonly ManagedKey[]): number {
  const highest = members.reduce((most, { marker }) => Math.max(most, marker.generation), 0)
  if (highest < maximumGeneration) return highest + 1
  return (((head ?? members[0])?.marker.generation ?? 0) % maximumGeneration) + 1
}

function wasReceived({ marker: { state } }: ManagedKey): boolean {
  return state.kind === 'delivered' || state.kind === 'external'
}

const nobody: readonly ManagedKey[] = []

/** Does a key id have no live key but its head? */
export function isAlone({ head, rivals, pending, retiring, leaked }: Lineage): boolean {
  return head !== null && rivals.length + pending.length + retiring.length + leaked.length === 0
}

export function lineageOf(
  keyId: string,
  keys: readonly ManagedKey[],
  isProven: IsProven = nothingProven,
  isHeld: IsProven = nothingProven,
): Lineage {
  const [only] = keys
  // Nearly every key: nothing came before it, and nothing follows.
  if (keys.length === 1 && only !== undefined && wasReceived(only))
    return {
      keyId,
      head: only,
      rivals: nobody,
      pending: nobody,
      retiring: nobody,
      leaked: nobody,
      next: nextGeneration(only, keys),
    }
  const members = keys.length > 1 ? keys.toSorted(byAge) : keys
  const inState = (kind: Marker['state']['kind']) =>
    members.filter(({ marker }) => marker.state.kind === kind)
  const received = members.filter(wasReceived)
  const head = headOf(keyId, received, isProven, isHeld)
  return {
    keyId,
    head,
    rivals: received.filter(key => key !== head),
    pending: inState('pending'),
    retiring: inState('retiring'),
    leaked: inState('leaked'),
    next: nextGeneration(head, members),
  }
}
