import type { DesiredKey } from '../model/desired.ts'
import type { Instant, Milliseconds } from '../model/duration.ts'
import { shortHash } from '../model/hash.ts'

/**
 * The slot of each key in the round of its peers, the keys with the same `maxAge`: from 0 up to but not including 1, in
 * the order of their hashes, the same on every machine. A key without peers has none.
 */
export function rotationSlots(stack: string, keys: readonly DesiredKey[]): ReadonlyMap<string, number> {
  const peers = new Map<Milliseconds, { readonly keyId: string; readonly order: string }[]>()
  for (const { keyId, rotation } of keys) {
    if (rotation.maxAge === null) continue
    const group = peers.get(rotation.maxAge) ?? []
    group.push({ keyId, order: shortHash(`${stack}/${keyId}`, 8) + keyId })
    peers.set(rotation.maxAge, group)
  }
  const found = new Map<string, number>()
  for (const group of [...peers.values()].filter(({ length }) => length > 1)) {
    group.sort((a, b) => (a.order < b.order ? -1 : 1))
    for (const [rank, { keyId }] of group.entries()) found.set(keyId, rank / group.length)
  }
  return found
}

/**
 * The age at which a secret is due: within the last third of `maxAge`, never later. A round takes five sixths of `maxAge`, and
 * each key has its slot in it at the same time of every round:
 *
 *     age   M │    ╱╲          a key whose slot is between 2/3 M and M waits for it;
 *       5/6 M │╲  ╱  ╲         any other is led towards its slot, so that keys which were
 *       2/3 M │ ╲╱             made together part on the way, and then keep the distance
 *             └────────── how long after its slot the secret was made, over one round
 */
export function dueAge(maxAge: Milliseconds, slot: number | undefined, madeAt: Instant): Milliseconds {
  if (slot === undefined) return maxAge
  const round = (maxAge * 5) / 6
  const sixth = maxAge / 6
  const late = (((madeAt - slot * round) % round) + round) % round
  if (late < sixth) return round - late
  if (late < 4 * sixth) return 4 * sixth + ((late - sixth) * 2) / 3
  return 2 * round - late
}
