import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import { visibleEnd } from '../model/live-key.ts'
import { type FormerStore, type Removal, maximumFormerStores, noRemoval } from '../model/removal.ts'
import { isSamePlace, storeLabel } from '../model/store.ts'
import { isRemovable } from '../lifecycle/health.ts'
import type { PlanOptions } from './input.ts'
import { isHere } from './place.ts'
import { type Lineage, type ManagedKey, markedLast, membersOf, storeTop } from '../lifecycle/lineage.ts'

/**
 * The hashes of stores that these keys' markers know and whose place the declaration does not have, each once, oldest first. At a
 * place that is only declared differently, the secret is delivered again.
 */
export function lostStores({ stores }: DesiredKey, keys: readonly ManagedKey[]): readonly string[] {
  const lost: string[] = []
  for (const { marker } of keys) {
    for (const known of marker.formerStores) if (!isPlaceOf(stores, known)) lost.push(known)
    for (const known of marker.stores) if (!isPlaceOf(stores, known)) lost.push(known)
  }
  return lost.length === 0 ? lost : [...new Set(lost)]
}

function isPlaceOf(stores: DesiredKey['stores'], known: string): boolean {
  for (const { hash } of stores) if (isSamePlace(hash, known)) return true
  return false
}

/**
 * The keys of a lineage whose stores count, each once: what is superseded has left its place in them to the head. Where none leads,
 * the key that is about to be replaced counts too: a run that was killed may have put its secret without saying so.
 */
export function storeHolders(lineage: Lineage, now: Instant): readonly ManagedKey[] {
  const { head, rivals, pending, retiring, leaked } = lineage
  if (head !== null && pending.length === 0) return [head]
  const replaced = head === null ? (rivals[0] ?? leaked[0] ?? markedLast(retiring, now) ?? null) : null
  return [...new Set([storeTop(lineage), ...pending, replaced])].filter(key => key !== null)
}

type Cause = Extract<Finding, { code: 'store-left' }>['cause']

function obstacle(former: FormerStore | undefined, isTheirs: boolean, options: PlanOptions): Cause | null {
  if (former === undefined) return 'not-found'
  if (former.free === null) return null
  // Whoever takes a key over takes its places over too: what the other machine has of it is dead or dying.
  if (former.local && isTheirs && !options.takeOver) return 'other-host'
  return isRemovable(former.free) ? null : 'cannot-remove'
}

/** Are there declared stores that this key was not delivered to? */
function lacksStores({ stores }: DesiredKey, { marker }: ManagedKey): boolean {
  return stores.some(({ hash }) => !marker.stores.includes(hash))
}

const nothingLost = { removal: noRemoval, findings: [] } as const

/**
 * What becomes of the secret in the stores that a key's declaration lost, with a warning for those that it cannot be taken
 * out of from here. A place that a declared store uses by now is never emptied; nor is any by an update while a store that
 * was declared lacks the secret.
 */
export function removalOf(
  desired: DesiredKey,
  keys: readonly ManagedKey[],
  lineage: Lineage,
  options: PlanOptions,
  change: 'delivers' | 'updates',
): { readonly removal: Removal; readonly findings: readonly Finding[] } {
  const lost = lostStores(desired, keys)
  const [first] = keys
  if (lost.length === 0 || first === undefined) return nothingLost
  const { keyId } = desired
  const { host } = first.marker
  const isTheirs = !isHere(keyId, first, options)
  const ends = membersOf(lineage).map(({ live }) => visibleEnd(live.maskedKey))
  if (desired.keepRemoved)
    return { removal: { from: [], forgotten: lost, left: [], host, ends }, findings: [] }
  const found = new Map((options.formerStores.get(keyId) ?? []).map(each => [each.hash, each] as const))
  const sorted = lost.map(hash => {
    const former = found.get(hash)
    return { hash, former, cause: obstacle(former, isTheirs, options) }
  })
  const from = sorted.flatMap(({ hash, former, cause }) =>
    cause !== null || former === undefined || former.free === null ? [] : [{ hash, spec: former.free }],
  )
  const forgotten = sorted.flatMap(({ hash, former, cause }) =>
    cause === null && former?.free === null ? [hash] : [],
  )
  const stuck = sorted.filter(({ cause }) => cause !== null)
  const causes = [...new Set(stuck.flatMap(({ cause }) => cause ?? []))].sort()
  const findings = causes.map((cause): Finding => {
    const some = stuck.filter(each => each.cause === cause)
    const stores = some.flatMap(({ former }) => (former === undefined ? [] : [storeLabel(former.spec)]))
    const liveId = first.live.id
    return {
      severity: 'warning',
      code: 'store-left',
      keyId,
      liveId,
      cause,
      count: some.length,
      stores,
    }
  })
  if (change === 'updates' && lacksStores(desired, first)) return { removal: noRemoval, findings }
  // Delivered to stores of this machine, the key is this machine's: what is on another one is named for the last time.
  const moves = change === 'delivers' && options.localKeys.has(keyId)
  const left = stuck
    .filter(({ cause }) => !(moves && cause === 'other-host'))
    .map(({ hash }) => hash)
    .slice(-maximumFormerStores)
  return { removal: { from, forgotten, left, host, ends }, findings }
}
