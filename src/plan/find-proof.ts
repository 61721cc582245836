import { type Evidence, noEvidence } from '../lifecycle/ownership.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Proof } from '../model/proof.ts'
import type { PlanOptions } from './input.ts'

type Known = Pick<PlanOptions, 'held' | 'signed'>

/** How a live key of a declared key id is shown to be ours; null where only its marker says so. */
export function proofOf(
  { keyId, adopt }: Pick<DesiredKey, 'keyId' | 'adopt'>,
  { id }: Pick<LiveKey, 'id'>,
  { held, signed }: Known,
): Proof | null {
  if (held.get(keyId)?.has(id) === true) return 'store'
  if (signed.has(id)) return 'signature'
  return adopt === id ? 'adopt' : null
}

/** What is known of keys that have to be told from others before their declarations are looked at. */
export function evidenceOf(keys: readonly DesiredKey[], known: Known): Evidence {
  const { held, signed } = known
  if (held.size === 0 && signed.size === 0 && keys.every(({ adopt }) => adopt === null)) return noEvidence
  const declared = new Map(keys.map(key => [key.keyId, key] as const))
  return {
    isProven: (keyId, live) => proofOf(declared.get(keyId) ?? { keyId, adopt: null }, live, known) !== null,
    isHeld: (keyId, { id }) => known.held.get(keyId)?.has(id) === true,
  }
}
