import type { DesiredKey } from '../model/desired.ts'
import type { Instant, Milliseconds } from '../model/duration.ts'
import { hashNumber } from '../model/hash.ts'

/** The age at which a secret is due for its end of life, so that its successor is there in time; null: its end causes no rotation. */
function lifeLimit({ expires, rotation }: Pick<DesiredKey, 'expires' | 'rotation'>): Milliseconds | null {
  return expires.kind === 'period' ? expires.length - rotation.renewBefore : null
}

/** The age at which a secret is due at the latest, by its maximum age or its end of life; null: no age makes it due. */
export function ageLimit(desired: Pick<DesiredKey, 'expires' | 'rotation'>): Milliseconds | null {
  const life = lifeLimit(desired)
  const { maxAge } = desired.rotation
  if (life === null || maxAge === null) return life ?? maxAge
  return Math.min(life, maxAge)
}

interface Answer {
  readonly stack: string
  readonly slots: ReadonlyMap<string, number>
}

/** The last answer about the keys of each configuration: a plan and its audit ask the same. */
const answers = new WeakMap<readonly DesiredKey[], Answer>()

/**
 * The slot of each key in the round of its peers, the keys that are due at the same age: from 0 up to but not including 1, in
 * the order of their hashes, the same on every machine. A key without peers has none.
 */
export function rotationSlots(stack: string, keys: readonly DesiredKey[]): ReadonlyMap<string, number> {
  const last = answers.get(keys)
  if (last?.stack === stack) return last.slots
  const slots = slotsAmongPeers(stack, keys)
  answers.set(keys, { stack, slots })
  return slots
}

function slotsAmongPeers(stack: string, keys: readonly DesiredKey[]): ReadonlyMap<string, number> {
  const peers = new Map<Milliseconds, { readonly keyId: string; readonly order: number }[]>()
  for (const key of keys) {
    const { keyId } = key
    const limit = ageLimit(key)
    if (limit === null) continue
    const peer = { keyId, order: hashNumber(`${stack}/${keyId}`) }
    const group = peers.get(limit)
    if (group === undefined) peers.set(limit, [peer])
    else group.push(peer)
  }
  const found = new Map<string, number>()
  for (const group of peers.values()) {
    if (group.length === 1) continue
    group.sort((a, b) => a.order - b.order || (a.keyId < b.keyId ? -1 : 1))
    group.forEach(({ keyId }, rank) => found.set(keyId, rank / group.length))
  }
  return found
}

/**
 * The age at which a secret is due: within the last third of `limit`, never later. A round takes five sixths of `limit`, and
 * each key has its slot in it at the same time of every round:
 *
 *     age   L │    ╱╲          a key whose slot is between 2/3 L and L waits for it;
 *       5/6 L │╲  ╱  ╲         any other is led towards its slot, so that keys which were
 *       2/3 L │ ╲╱             made together part on the way, and then keep the distance
 *             └────────── how long after its slot the secret was made, over one round
 */
export function dueAge(limit: Milliseconds, slot: number | undefined, madeAt: Instant): Milliseconds {
  if (slot === undefined) return limit
  const round = (limit * 5) / 6
  const sixth = limit / 6
  const late = (((madeAt - slot * round) % round) + round) % round
  if (late < sixth) return round - late
  if (late < 4 * sixth) return 4 * sixth + ((late - sixth) * 2) / 3
  return 2 * round - late
}
