import { type Instant, type Milliseconds, day } from '../model/duration.ts'
import type { DesiredState } from '../model/desired.ts'
import type { LiveKey } from '../model/live-key.ts'
import { type IsProven, type Lineage, type ManagedKey, lineageOf, nothingProven } from './lineage.ts'
import { type KeyIdOf, type RenameHeld, claimsOf, possibleKeyIds } from './renames.ts'

/** How long a key that a stack gave up waits for another stack, and nobody prunes it. */
const handover: Milliseconds = 30 * day

/** The live keys, sorted by who owns them. Keys of other stacks are in none of them, those in `left` aside. */
export interface Owned {
  readonly lineages: ReadonlyMap<string, Lineage>
  readonly unmanaged: readonly LiveKey[]
  /** Given up by a stack, and free to be adopted by another. */
  readonly released: readonly LiveKey[]
  readonly unreadable: readonly LiveKey[]
  /** They carry the marker of another key of this stack: unmanaged, and named. */
  readonly copied: readonly LiveKey[]
  readonly heldRenames: readonly RenameHeld[]
  /** Live keys of former stacks that nothing here takes over. */
  readonly left: readonly ManagedKey[]
  /** How many live keys are this stack's. */
  readonly managed: number
}

/** What is known beyond markers. */
export interface Evidence {
  readonly isProven: IsProven
  /** Does a readable store hold the key's secret? */
  readonly isHeld: IsProven
}

export const noEvidence: Evidence = { isProven: nothingProven, isHeld: nothingProven }

/** A marker that a store proves belongs to its key after all, as where a restore rewrote ids. */
function boundAnew(live: LiveKey, { isHeld }: Evidence, possibleKeyId: KeyIdOf): LiveKey {
  if (live.ownership.kind !== 'copied') return live
  const { marker } = live.ownership
  const keyId = possibleKeyId(marker)
  const isOurs = keyId !== null && isHeld(keyId, live)
  return isOurs ? { ...live, ownership: { kind: 'managed', marker } } : live
}

interface Answer {
  readonly desired: DesiredState
  readonly now: Instant
  readonly evidence: Evidence
  readonly owned: Owned
}

/** The last answer about each listing: the options of a plan, the plan and its audit ask the same, and an answer is as large as the listing. */
const answers = new WeakMap<readonly LiveKey[], Answer>()

/** Under its own name and under those that it had before, a declared key is one key id, unless its rename is held. */
export function ownedKeys(
  desired: DesiredState,
  keys: readonly LiveKey[],
  now: Instant,
  evidence: Evidence = noEvidence,
): Owned {
  const last = answers.get(keys)
  if (last?.desired === desired && last.now === now && last.evidence === evidence) return last.owned
  const owned = sortByOwner(desired, keys, now, evidence)
  answers.set(keys, { desired, now, evidence, owned })
  return owned
}

function sortByOwner(
  desired: DesiredState,
  keys: readonly LiveKey[],
  now: Instant,
  evidence: Evidence,
): Owned {
  const { isProven, isHeld } = evidence
  const possibleKeyId = possibleKeyIds(desired)
  const found = keys
    .filter(({ status }) => status !== 'revoked')
    .map(key => boundAnew(key, evidence, possibleKeyId))
  const { keyIdOf, heldRenames, left } = claimsOf(desired, found)
  const unmanaged: LiveKey[] = []
  const released: LiveKey[] = []
  const unreadable: LiveKey[] = []
  const copied: LiveKey[] = []
  const groups = new Map<string, ManagedKey[]>()
  let managed = 0
  for (const live of found) {
    const { ownership } = live
    if (ownership.kind === 'unmanaged') unmanaged.push(live)
    else if (ownership.kind === 'unreadable') unreadable.push(live)
    else if (ownership.kind === 'copied') copied.push(live)
    else if (ownership.marker.state.kind === 'released') {
      const waits = now - ownership.marker.state.at < handover
      ;(waits ? released : unmanaged).push(live)
    } else {
      const keyId = keyIdOf(ownership.marker)
      if (keyId === null) continue
      const key = { live, marker: ownership.marker }
      const group = groups.get(keyId)
      if (group === undefined) groups.set(keyId, [key])
      else group.push(key)
      managed += 1
    }
  }
  const lineages = new Map<string, Lineage>()
  for (const [keyId, group] of groups) lineages.set(keyId, lineageOf(keyId, group, isProven, isHeld))
  return { lineages, unmanaged, released, unreadable, copied, heldRenames, left, managed }
}
