import type { DesiredKey, DesiredState } from '../model/desired.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import type { ManagedKey } from './lineage.ts'

/** The name under which live keys of a declared key are found: its own, or one that it had before. */
export interface NamedKeys {
  readonly stack: string
  readonly keyId: string
  readonly keys: readonly ManagedKey[]
}

/** Why a declared key does not get the keys of a name that it had before. */
export interface RenameHeld {
  readonly keyId: string
  /** `both-live`: the keys of two names are in use. `still-made`: a former stack has a key that it can only have made since. */
  readonly cause: 'both-live' | 'still-made'
  /** Those that do not go together. */
  readonly names: readonly NamedKeys[]
}

/** The key id of this stack that a key with this marker counts as; null where it is another stack's. */
export type KeyIdOf = (marker: Pick<Marker, 'stack' | 'keyId'>) => string | null

/** Which live keys count as keys of the declared key ids. */
interface Claims {
  readonly keyIdOf: KeyIdOf
  readonly heldRenames: readonly RenameHeld[]
  /** Live keys of former stacks that nothing here takes over. */
  readonly left: readonly ManagedKey[]
}

const nameOf = ({ stack, keyId }: Pick<Marker, 'stack' | 'keyId'>) => `${stack}/${keyId}`

/** Users have its secret, as far as its marker says. */
export function leads({ state }: Marker): boolean {
  return state.kind === 'delivered' || state.kind === 'external'
}

function namedKeys({ stack, formerly }: DesiredState, keys: readonly LiveKey[]): Map<string, NamedKeys> {
  const stacks = new Set([stack, ...formerly])
  const named = new Map<string, { stack: string; keyId: string; keys: ManagedKey[] }>()
  for (const live of keys) {
    if (live.status === 'revoked' || live.ownership.kind !== 'managed') continue
    const { marker } = live.ownership
    if (marker.state.kind === 'released' || !stacks.has(marker.stack)) continue
    const name = nameOf(marker)
    const group = named.get(name) ?? { stack: marker.stack, keyId: marker.keyId, keys: [] }
    group.keys.push({ live, marker })
    named.set(name, group)
  }
  return named
}

/** Was anything renamed? Mostly nothing was. */
function hasFormerNames({ formerly, keys }: DesiredState): boolean {
  return formerly.length > 0 || keys.some(({ previously }) => previously !== null)
}

/** The names that a declared key had before, in this stack and in those that it was renamed from. */
function formerNames(
  { keyId, previously }: DesiredKey,
  { stack, formerly }: DesiredState,
  declared: ReadonlySet<string>,
): readonly Pick<Marker, 'stack' | 'keyId'>[] {
  const keyIds = previously === null || declared.has(previously) ? [keyId] : [keyId, previously]
  return [stack, ...formerly].flatMap(each =>
    keyIds.filter(one => each !== stack || one !== keyId).map(one => ({ stack: each, keyId: one })),
  )
}

/**
 * What a declared key takes over of the names that it had before. Two names that are both in use are two keys, so neither is
 * touched. Once its own name is in use, a rename is over: what still has the former key id is a key of its own, and what a former
 * stack has, that stack goes on making.
 */
function takeOver(
  keyId: string,
  stack: string,
  own: NamedKeys | undefined,
  former: readonly NamedKeys[],
): RenameHeld | readonly NamedKeys[] {
  const inUse = [...(own === undefined ? [] : [own]), ...former].filter(({ keys }) =>
    keys.some(({ marker }) => leads(marker)),
  )
  if (inUse.length > 1) {
    const isOver = own !== undefined && inUse.includes(own)
    const isMade = isOver && inUse.every(one => one === own || one.stack !== stack)
    return { keyId, cause: isMade ? 'still-made' : 'both-live', names: inUse }
  }
  if (own === undefined || !inUse.includes(own)) return former
  const since = former.filter(each => each.stack !== stack)
  return since.length === 0 ? [] : { keyId, cause: 'still-made', names: [own, ...since] }
}

/** What a name in a marker stands for where each rename is plain; which are, `claimsOf` finds out. */
export function possibleKeyIds(desired: DesiredState): KeyIdOf {
  const { stack, keys } = desired
  if (!hasFormerNames(desired)) return marker => (marker.stack === stack ? marker.keyId : null)
  const declared = new Set(keys.map(({ keyId }) => keyId))
  const former = new Map(
    keys.flatMap(key => formerNames(key, desired, declared).map(name => [nameOf(name), key.keyId] as const)),
  )
  return marker => former.get(nameOf(marker)) ?? (marker.stack === stack ? marker.keyId : null)
}

/** Whose the live keys are, where key ids or the stack were renamed. */
export function claimsOf(desired: DesiredState, keys: readonly LiveKey[]): Claims {
  const { stack } = desired
  const own: KeyIdOf = marker => (marker.stack === stack ? marker.keyId : null)
  if (!hasFormerNames(desired)) return { keyIdOf: own, heldRenames: [], left: [] }
  const declared = new Set(desired.keys.map(({ keyId }) => keyId))
  const named = namedKeys(desired, keys)
  const takenOver = new Map<string, string>()
  const heldRenames: RenameHeld[] = []
  for (const key of desired.keys) {
    const former = formerNames(key, desired, declared).flatMap(name => named.get(nameOf(name)) ?? [])
    if (former.length === 0) continue
    const taken = takeOver(key.keyId, stack, named.get(nameOf({ stack, keyId: key.keyId })), former)
    if ('cause' in taken) heldRenames.push(taken)
    else for (const each of taken) takenOver.set(nameOf(each), key.keyId)
  }
  const isHeld = new Set(heldRenames.flatMap(({ names }) => names.map(nameOf)))
  const left = [...named.values()].filter(
    each => each.stack !== stack && !takenOver.has(nameOf(each)) && !isHeld.has(nameOf(each)),
  )
  return {
    keyIdOf: marker => takenOver.get(nameOf(marker)) ?? own(marker),
    heldRenames,
    left: left.flatMap(each => each.keys),
  }
}
