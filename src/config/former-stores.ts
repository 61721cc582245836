import { dirname } from 'node:path'
import type { DesiredKey, DesiredState } from '../model/desired.ts'
import type { DeclaredStore, StoreSpec } from '../model/store.ts'
import { placeOfSecret, withFallback } from './check-places.ts'
import { checkShape } from './check-shape.ts'
import type { Names } from './fill-in.ts'
import { type Located, type Part, isSound } from './parts.ts'
import type { RawFile, RawStore, RawStores } from './raw.ts'
import { readYaml } from './read-yaml.ts'
import { resolveStore, storeEntries } from './resolve-stores.ts'
import { sourceOf } from './source.ts'

/** A lost store as it was declared, how much of it is free, and what took its place. */
export interface LostStore extends DeclaredStore {
  readonly free: StoreSpec | null
  readonly now: string | null
}

/** One text of a configuration file; the newest texts come first. */
interface Text {
  readonly file: string
  readonly text: string
  /** It is what counts now, so every store in it may have been another key's too. */
  readonly present: boolean
}

/** A text as far as it can be understood; null where it is no sound YAML. Nobody hears of what is wrong with it. */
function partOf({ file, text }: Text): Part | null {
  const source = sourceOf(file, dirname(file), text)
  const reading = readYaml(text)
  if (!reading.ok) return null
  const { document } = reading
  const { broken } = checkShape(source, document)
  return { source, document, raw: document.root ?? {}, broken }
}

function entriesAt(part: Part, path: readonly string[], value: RawStores | undefined): Located<RawStore>[] {
  return value === undefined || !isSound(part, path) ? [] : storeEntries({ value, part, path })
}

function entriesOf(part: Part, keyIds: readonly string[] | null): Located<RawStore>[] {
  const raw: RawFile = part.broken.has('') || part.broken.has('keys') ? {} : part.raw
  const keys = Object.entries(raw.keys ?? {}).filter(([keyId]) => keyIds?.includes(keyId) ?? true)
  const own = keys.flatMap(([keyId, key]) =>
    isSound(part, ['keys', keyId]) ? entriesAt(part, ['keys', keyId, 'store'], key.store) : [],
  )
  const shared = part.broken.has('') ? undefined : part.raw.defaults?.store
  return [...own, ...entriesAt(part, ['defaults', 'store'], shared)]
}

/** So many different stores of other keys are tried: those of a configuration are mostly alike. */
const maximumOthers = 100

/** The stores that a present text may mean for any key, each once. */
function differentEntries(part: Part): readonly Located<RawStore>[] {
  const entries = new Map(entriesOf(part, null).map(entry => [JSON.stringify(entry.value), entry]))
  return [...entries.values()].slice(0, maximumOthers)
}

/** The key may have been declared under its former key id, or with `previously`, or without. */
function namesOf(stack: string, key: DesiredKey): readonly Names[] {
  const { keyId, previously, name } = key
  const now = { stack, key: keyId, name, environment: key.environment ?? '' }
  return previously === null ? [now] : [{ ...now, formerly: previously }, now, { ...now, key: previously }]
}

interface Uses {
  readonly places: ReadonlyMap<string, { readonly keyId: string; readonly hash: string }>
  readonly files: ReadonlySet<string>
}

function usesOf({ keys }: DesiredState): Uses {
  const holders = keys.flatMap(({ keyId, stores }) =>
    stores.flatMap(({ spec, hash }) => withFallback(spec).map(each => ({ spec: each, keyId, hash }))),
  )
  return {
    places: new Map(holders.map(({ spec, keyId, hash }) => [placeOfSecret(spec), { keyId, hash }] as const)),
    files: new Set(holders.flatMap(({ spec }) => ('path' in spec ? [spec.path] : []))),
  }
}

/** As much of a store as no declared one uses; null: nothing. A file that is replaced as a whole may hold others' secrets. */
function freePart(spec: StoreSpec, uses: Uses): StoreSpec | null {
  const isFree = (one: StoreSpec) =>
    !uses.places.has(placeOfSecret(one)) && !(one.kind === 'age-file' && uses.files.has(one.path))
  if (spec.kind !== 'keychain' || spec.fallback === null) return isFree(spec) ? spec : null
  const { fallback } = spec
  const [own, other] = [isFree(spec), isFree(fallback)]
  if (own && other) return spec
  return own ? { ...spec, fallback: null } : other ? fallback : null
}

function found(store: DeclaredStore, keyId: string, uses: Uses): LostStore {
  const holder = uses.places.get(placeOfSecret(store.spec))
  return {
    ...store,
    free: freePart(store.spec, uses),
    now: holder?.keyId === keyId ? holder.hash : null,
  }
}

/**
 * Looks for stores of which only the hash is known (`lost`, by key id): among the key's default keychain entry, whatever
 * the present texts declare, filled in for the key, and what earlier texts declared for it. Hashes that nothing answers to are
 * left out.
 */
export function findLostStores(
  desired: DesiredState,
  lost: ReadonlyMap<string, readonly string[]>,
  texts: readonly Text[],
): ReadonlyMap<string, readonly LostStore[]> {
  const uses = usesOf(desired)
  const parts = texts.flatMap(text => {
    const part = partOf(text)
    return part === null ? [] : [{ part, others: text.present ? differentEntries(part) : [] }]
  })
  const result = new Map<string, readonly LostStore[]>()
  for (const key of desired.keys) {
    const hashes = lost.get(key.keyId) ?? []
    if (hashes.length === 0) continue
    const keyIds = [key.keyId, ...(key.previously === null ? [] : [key.previously])]
    const stores = new Map<string, LostStore>()
    const names = namesOf(desired.stack, key)
    const consider = (entry: Located<RawStore>) => {
      for (const each of names) {
        const store = resolveStore(entry, each, () => undefined)
        if (store === null || !hashes.includes(store.hash) || stores.has(store.hash)) continue
        stores.set(store.hash, found(store, key.keyId, uses))
      }
    }
    for (const { part, others } of parts) {
      consider({ value: 'keychain', part, path: [] })
      // Of an earlier text only what it declared for this key: nobody else's store may be taken for its own.
      for (const entry of [...entriesOf(part, keyIds), ...others]) consider(entry)
      if (stores.size === hashes.length) break
    }
    result.set(key.keyId, [...stores.values()])
  }
  return result
}
