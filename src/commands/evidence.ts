import pLimit from 'p-limit'
import type { DesiredState } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import { type LiveKey, shortestEnd, visibleEnd } from '../model/live-key.ts'
import type { FormerStores } from '../model/removal.ts'
import type { Secret } from '../model/secret.ts'
import { type StoreSpec, isSamePlace } from '../model/store.ts'
import type { PlanOptions } from '../plan/input.ts'
import { isLocal, looksWithoutProgram } from '../stores/locality.ts'
import { filesOf } from '../stores/sweep.ts'

type Evidence = Pick<PlanOptions, 'held' | 'heldHere'>

interface LookingStores {
  look(spec: StoreSpec): Promise<Secret | null>
  keychainWorks(): Promise<boolean>
}

/** One store of one key, with the ids of the live keys that what it holds may be the secret of. */
interface Look {
  readonly spec: StoreSpec
  readonly hash: string
  /** Null: it cannot be looked into, so what it holds says nothing. */
  readonly ids: ReadonlySet<string> | null
}

/** That many stores are read at a time. */
const parallelism = 8

/** Finds the live keys that a secret ends like. */
function endFinder(keys: readonly LiveKey[]): (secret: Secret) => ReadonlySet<string> {
  const byEnd = new Map<string, string[]>()
  for (const { id, maskedKey, status } of keys) {
    const end = visibleEnd(maskedKey)
    if (status === 'revoked' || end.length < shortestEnd) continue
    byEnd.set(end, [...(byEnd.get(end) ?? []), id])
  }
  const lengths = [...new Set([...byEnd.keys()].map(end => end.length))]
  return secret => new Set(lengths.flatMap(length => byEnd.get(secret.end(length)) ?? []))
}

/**
 * Do these stores show that the key is here? Every local one that its marker knows and that can be looked into holds its secret (of a
 * pending key, one of them), and where some are files one of those: the keychain belongs to all folders of a machine.
 */
function showsPlace(live: LiveKey | undefined, looks: readonly Look[]): boolean {
  if (live?.ownership.kind !== 'managed') return false
  const { stores, state } = live.ownership.marker
  const local = looks.filter(({ spec }) => isLocal(spec))
  const marked = local.filter(({ hash }) => stores.some(known => isSamePlace(known, hash)))
  const counted = marked.length > 0 ? marked : local
  const seen = counted.filter(({ ids }) => ids !== null)
  const holding = seen.filter(({ ids }) => ids?.has(live.id) === true)
  const inFiles = ({ spec }: Look) => spec.kind !== 'keychain' && filesOf(spec).length > 0
  return (
    holding.length > 0 &&
    (state.kind === 'pending' || holding.length === seen.length) &&
    (!counted.some(inFiles) || holding.some(inFiles))
  )
}

/**
 * Reads the stores of some key ids for what they hold now. No program is run; a store that cannot be read is neither evidence nor an error, and
 * a keychain that does not work is asked once.
 */
export async function gatherEvidence(
  needed: readonly string[],
  desired: DesiredState,
  keys: readonly LiveKey[],
  former: FormerStores,
  stores: LookingStores,
): Promise<Evidence> {
  const limit = pLimit(parallelism)
  const idsOf = endFinder(keys)
  const byId = new Map(keys.map(key => [key.id, key] as const))

  async function heldIn(spec: StoreSpec): Promise<ReadonlySet<string> | null> {
    if (!looksWithoutProgram(spec)) return null
    try {
      if (spec.kind === 'keychain' && spec.fallback === null && !(await stores.keychainWorks()))
        return new Set()
      const secret = await stores.look(spec)
      return secret === null ? new Set() : idsOf(secret)
    } catch (cause) {
      if (cause instanceof Failure) return new Set()
      throw cause
    }
  }

  const wanted = new Set(needed)
  const found = await Promise.all(
    desired.keys
      .filter(({ keyId }) => wanted.has(keyId))
      .map(async ({ keyId, stores: declared }) => {
        const known = [...declared, ...(former.get(keyId) ?? [])]
        const looks = await Promise.all(
          known.map(({ spec, hash }) => limit(async () => ({ spec, hash, ids: await heldIn(spec) }))),
        )
        const held = new Set(looks.flatMap(({ ids }) => [...(ids ?? [])]))
        const here = [...held].filter(id => showsPlace(byId.get(id), looks))
        return { keyId, held, here: new Set(here) }
      }),
  )
  return {
    held: new Map(found.flatMap(({ keyId, held }) => (held.size === 0 ? [] : [[keyId, held] as const]))),
    heldHere: new Map(found.flatMap(({ keyId, here }) => (here.size === 0 ? [] : [[keyId, here] as const]))),
  }
}
