import type { Adopt } from '../model/change.ts'
import type { Finding } from '../model/finding.ts'
import type { DesiredKey } from '../model/desired.ts'
import { day } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { FieldHashes } from '../model/marker.ts'
import { closest } from '../model/suggest.ts'
import { hashDescription, hashName, hashPermissions, hashScope } from '../lifecycle/field-hashes.ts'
import { type AppliedKey, fieldChanges } from './fields.ts'
import { type Decision, type Facts, nothing } from './facts.ts'
import { proofOf } from './find-proof.ts'
import { granted, withoutGrants, withoutNarrowingCaller } from './plan-update.ts'
import { type Lineage, isEmpty } from '../lifecycle/lineage.ts'

/** How near its end an adopted key must be to be worth a warning. */
const near = 14 * day

type Trouble = Pick<Extract<Finding, { code: 'cannot-adopt' }>, 'cause' | 'liveIds' | 'owner' | 'suggestion'>

/** Nobody's, or given up by a stack: free to be taken over. */
export function isFree({ ownership }: LiveKey): boolean {
  return (
    ownership.kind === 'unmanaged' ||
    (ownership.kind === 'managed' && ownership.marker.state.kind === 'released')
  )
}

function ownerOf({ ownership }: LiveKey): string | null {
  return ownership.kind === 'managed' ? `${ownership.marker.stack}/${ownership.marker.keyId}` : null
}

/** The free live key that `adopt:` names, by its id or else by a name that only one of them has. */
function find(adopt: string, { current: { keys }, owned }: Facts): LiveKey | Trouble {
  const live = keys.filter(({ status }) => status !== 'revoked')
  const named = live.filter(({ id }) => id === adopt)
  const meant = named.length > 0 ? named : live.filter(({ name }) => name === adopt)
  // Whoever names the very id means it, whatever somebody made of its description.
  const unmarked = named.length > 0 ? [...owned.copied, ...owned.unreadable] : []
  const free = meant.filter(key => isFree(key) || unmarked.includes(key))
  const [first] = free
  if (first !== undefined && free.length === 1) return first
  const liveIds = (free.length > 1 ? free : meant).map(({ id }) => id).sort()
  if (free.length > 1) return { cause: 'ambiguous', liveIds, owner: null, suggestion: null }
  const taken = meant.find(({ id }) => id === liveIds[0])
  if (taken !== undefined) {
    const owner = ownerOf(taken)
    return { cause: owner === null ? 'unreadable' : 'managed', liveIds, owner, suggestion: null }
  }
  const known = live.filter(isFree).flatMap(({ id, name }) => [id, name])
  return { cause: 'not-found', liveIds, owner: null, suggestion: closest(adopt, known.sort()) }
}

/** As if the last apply had left the key just as it is, so that whatever differs is the configuration's doing. */
function asFound(live: LiveKey): AppliedKey {
  const fields: FieldHashes = {
    name: hashName(live.name),
    description: hashDescription(live.description),
    scope: hashScope(live.scope),
    permissions: hashPermissions(live.permissions),
    // What was declared cannot be told from an end; no hash of a declaration is empty.
    expires: '',
    environment: '',
  }
  return { live, marker: { fields, protected: false } }
}

/** Takes a live key over as it is: others hold its secret, so it is `external`, and one PATCH writes the marker. */
export function adopt(desired: DesiredKey, reference: string, facts: Facts): Decision {
  const { keyId } = desired
  const found = find(reference, facts)
  if (!('id' in found)) {
    const finding = { severity: 'held', code: 'cannot-adopt', keyId, adopt: reference, ...found } as const
    return { ...nothing, findings: [finding] }
  }
  const key = asFound(found)
  const wanted = withoutNarrowingCaller(keyId, found, fieldChanges(desired, key, facts.now), facts)
  // Whoever may make keys can give one the name that is to be adopted.
  const isUnproven = granted(wanted.fields).length > 0 && proofOf(desired, found, facts.options) === null
  const { fields, findings } = isUnproven ? withoutGrants(keyId, found, wanted) : wanted
  const change: Adopt = { kind: 'adopt', keyId, desired, live: found, generation: 1, fields }
  return { changes: [change], findings }
}

/** `adopt:` names a free key although the key id has a live one already: it is left alone, and said so. */
export function needlessAdoption(
  { keyId, adopt }: DesiredKey,
  lineage: Lineage,
  { current }: Facts,
): readonly Finding[] {
  if (adopt === null || isEmpty(lineage)) return []
  const free = current.keys.find(live => live.id === adopt && live.status !== 'revoked' && isFree(live))
  if (free === undefined) return []
  return [{ severity: 'warning', code: 'adopt-ignored', keyId, liveId: free.id }]
}

/** Nobody rotates an adopted key unasked, so what a rotation would put right is said. A fixed date is warned of as such. */
export function rotateByHand(
  { keyId, environment, expires }: DesiredKey,
  { head }: Lineage,
  { now }: Facts,
): readonly Finding[] {
  if (head?.marker.state.kind !== 'external') return []
  const { live } = head
  const say = (cause: 'environment' | 'ends', at: number | null): Finding => {
    return { severity: 'warning', code: 'rotate-by-hand', keyId, liveId: live.id, cause, at }
  }
  const differs = environment !== null && (live.environment ?? environment) !== environment
  const ends = expires.kind !== 'until' && live.expiresAt !== null && live.expiresAt - now <= near
  return [...(differs ? [say('environment', null)] : []), ...(ends ? [say('ends', live.expiresAt)] : [])]
}
