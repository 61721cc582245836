import type { IsProven } from '../lifecycle/lineage.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Proof } from '../model/proof.ts'
import type { PlanOptions } from './input.ts'

type Evidence = Pick<PlanOptions, 'held' | 'signed'>

/** How a live key of a declared key id is shown to be ours; null where only its marker says so. */
export function proofOf(
  { keyId, adopt }: Pick<DesiredKey, 'keyId' | 'adopt'>,
  { id }: Pick<LiveKey, 'id'>,
  { held, signed }: Evidence,
): Proof | null {
  if (held.get(keyId)?.has(id) === true) return 'store'
  if (signed.has(id)) return 'signature'
  return adopt === id ? 'adopt' : null
}

/** Is the secret of a live key in a readable store of its key id? */
export function heldIn({ held }: Evidence): IsProven {
  return (keyId, { id }) => held.get(keyId)?.has(id) === true
}

/** How it is shown to be ours, of any key id that has to be told from others before its declaration is looked at. */
export function provenBy(keys: readonly DesiredKey[], evidence: Evidence): IsProven {
  const declared = new Map(keys.map(key => [key.keyId, key] as const))
  return (keyId, live) => proofOf(declared.get(keyId) ?? { keyId, adopt: null }, live, evidence) !== null
}
