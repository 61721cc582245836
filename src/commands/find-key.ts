import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import { closest } from '../model/suggest.ts'
import { type ManagedKey, lineageOf, storeTop } from '../lifecycle/lineage.ts'
import type { Listing, PlatformClient } from '../platform/types.ts'
import { maskedKey } from '../render/keys/masked-key.ts'
import { quote } from '../render/text/escape.ts'
import { unreadableText } from '../render/plan/platform-findings.ts'

export interface FoundKey {
  readonly key: LiveKey
  /** What it was found in: its `now` is the server's clock. */
  readonly listing: Listing
}

/** More candidates than that in one error help nobody. */
const maxCandidates = 20

/** Is it called that: by name, or by its key id in a stack's configuration? */
function isCalled({ name, ownership }: LiveKey, reference: string): boolean {
  if (name === reference) return true
  if (ownership.kind !== 'managed') return false
  const { stack, keyId } = ownership.marker
  return keyId === reference || `${stack}/${keyId}` === reference
}

/** Of several generations of one key, the one at work: the head, or what comes nearest to one. */
function atWork(generations: readonly ManagedKey[]): readonly LiveKey[] {
  const lineage = lineageOf('', generations)
  const first =
    lineage.head ?? lineage.rivals[0] ?? lineage.pending[0] ?? storeTop(lineage) ?? lineage.retiring[0]
  return first === undefined ? [] : [first.live]
}

/** The keys called so, one for each key id of a stack. */
function candidatesFor(reference: string, keys: readonly LiveKey[]): readonly LiveKey[] {
  const lineages = new Map<string, ManagedKey[]>()
  const others: LiveKey[] = []
  for (const live of keys.filter(key => isCalled(key, reference))) {
    if (live.ownership.kind !== 'managed') {
      others.push(live)
      continue
    }
    const { marker } = live.ownership
    const lineage = `${marker.stack}/${marker.keyId}`
    lineages.set(lineage, [...(lineages.get(lineage) ?? []), { live, marker }])
  }
  return [...[...lineages.values()].flatMap(atWork), ...others]
}

function describe(key: LiveKey): string {
  const owner =
    key.ownership.kind === 'managed'
      ? `, ${key.ownership.marker.stack}/${key.ownership.marker.keyId}, generation ${key.ownership.marker.generation}`
      : ''
  return `${key.id}  ${quote(key.name)} (${maskedKey(key)}${owner})`
}

function ambiguous(reference: string, candidates: readonly LiveKey[]): Failure {
  const sorted = [...candidates].sort((a, b) => (a.id < b.id ? -1 : 1))
  const more = sorted.length - maxCandidates
  return new Failure('usage', `${sorted.length} API keys are called ${quote(reference)}`, {
    hints: [
      'Candidates:',
      ...sorted.slice(0, maxCandidates).map(describe),
      ...(more > 0 ? [`and ${more} more`] : []),
      'Solution:',
      'Name one of them by its key id.',
    ],
  })
}

function none(reference: string, keys: readonly LiveKey[], complete: boolean): Failure {
  const words = new Map<string, LiveKey>()
  for (const key of keys) {
    const marker = key.ownership.kind === 'managed' ? [key.ownership.marker.keyId] : []
    for (const word of [key.id, key.name, ...marker]) if (!words.has(word)) words.set(word, key)
  }
  const lower = reference.toLowerCase()
  const within = [...words.keys()].filter(word => lower.length > 2 && word.toLowerCase().includes(lower))
  const near = closest(reference, words.keys())
  const suggestions = new Set<LiveKey>()
  for (const word of near === null ? within : [near, ...within]) {
    const key = words.get(word)
    if (key !== undefined) suggestions.add(key)
  }
  const [first, ...others] = [...suggestions].slice(0, 5).map(describe)
  return new Failure('not-found', `There is no API key ${quote(reference)}`, {
    hints: [
      ...(first === undefined ? [] : ['Did you mean:', first, ...others]),
      'Solution:',
      'Give a key id, a name or the key id of a stack: `fluxloop-keys apikeys list` shows them.',
      ...(complete ? [] : ['The platform did not list every key this time: try again.']),
    ],
  })
}

/**
 * The live key that `reference` means: its id on the platform; else its name, or its key id in a stack's configuration
 * (`ci-pipeline`, or `acme-agents/ci-pipeline`), which stands for the key at work. Throws a usage `Failure` that lists the
 * candidates where several fit, and a `not-found` one with the nearest where none does.
 */
export function pickKey(
  reference: string,
  { keys, complete, doubts }: Pick<Listing, 'keys' | 'complete'> & Partial<Pick<Listing, 'doubts'>>,
): LiveKey {
  const live = keys.filter(({ status }) => status !== 'revoked')
  const exact = live.find(({ id }) => id === reference)
  if (exact !== undefined) return exact
  const candidates = candidatesFor(reference, live)
  const [only] = candidates
  const odd = doubts?.unreadable.find(({ id, name }) => id === reference || name === reference)
  if (only === undefined && odd !== undefined) throw new Failure('failed', unreadableText(odd))
  if (only === undefined) throw none(reference, live, complete)
  if (candidates.length > 1) throw ambiguous(reference, candidates)
  return only
}

/** Finds the key that somebody named, as `pickKey` does, in one list request for each 1,000 keys. */
export async function findKey(reference: string, client: PlatformClient): Promise<FoundKey> {
  const listing = await client.list()
  return { key: pickKey(reference, listing), listing }
}
