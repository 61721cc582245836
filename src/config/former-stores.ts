import { dirname } from 'node:path'
import type { DesiredKey, DesiredState } from '../model/desired.ts'
import type { DeclaredStore, StoreSpec } from '../model/store.ts'
import { placeOfSecret, withFallback } from './check-places.ts'
import { checkShape } from './check-shape.ts'
import type { Names } from './fill-in.ts'
import { type Located, type Part, isValidAt } from './parts.ts'
import type { RawFile, RawStore, RawStores } from './raw.ts'
import { readYaml } from './read-yaml.ts'
import { resolveStore, storeEntries } from './resolve-stores.ts'
import { sourceOf } from './source.ts'

/** A lost store as it is declared elsewhere, and how much of it is free. */
export interface LostStore extends DeclaredStore {
  readonly free: StoreSpec | null
}

/** The text of a configuration file. */
export interface Text {
  readonly file: string
  readonly text: string
}

/** A text as far as it can be understood; null where it is not valid YAML. Nobody hears of what is wrong with it. */
async function partOf({ file, text }: Text): Promise<Part | null> {
  const source = sourceOf(file, dirname(file), text)
  const reading = readYaml(text)
  if (!reading.ok) return null
  const { document } = reading
  const { broken } = await checkShape(source, document)
  return { source, document, raw: document.root ?? {}, broken }
}

function entriesAt(part: Part, path: readonly string[], value: RawStores | undefined): Located<RawStore>[] {
  return value === undefined || !isValidAt(part, path) ? [] : storeEntries({ value, part, path })
}

/** That many different stores are tried: those of a configuration are mostly alike. */
const maximumEntries = 200

/** The stores that a text declares for any key, each once. */
function entriesOf(part: Part): readonly Located<RawStore>[] {
  const raw: RawFile = part.broken.has('') || part.broken.has('keys') ? {} : part.raw
  const own = Object.entries(raw.keys ?? {}).flatMap(([keyId, key]) =>
    isValidAt(part, ['keys', keyId]) ? entriesAt(part, ['keys', keyId, 'store'], key.store) : [],
  )
  const shared = part.broken.has('') ? undefined : part.raw.defaults?.store
  const all = [...entriesAt(part, ['defaults', 'store'], shared), ...own]
  return [...new Map(all.map(entry => [JSON.stringify(entry.value), entry])).values()].slice(
    0,
    maximumEntries,
  )
}

/**
 * The key may have been declared under its former key id, or with `previously`, or without; and so may its stack: under a former
 * name, with `formerly`, or without.
 */
function namesOf({ stack, formerly }: DesiredState, key: DesiredKey): readonly Names[] {
  const { keyId, previously, name } = key
  const now = { stack, key: keyId, name, environment: key.environment ?? '' }
  const keyIds =
    previously === null ? [now] : [{ ...now, formerly: previously }, now, { ...now, key: previously }]
  return keyIds.flatMap(names => [
    names,
    ...formerly.flatMap(each => [
      { ...names, formerStack: each },
      { ...names, stack: each },
    ]),
  ])
}

interface Uses {
  readonly places: ReadonlySet<string>
  readonly files: ReadonlySet<string>
}

function usesOf({ keys }: DesiredState): Uses {
  const specs = keys.flatMap(({ stores }) => stores.flatMap(({ spec }) => withFallback(spec)))
  return {
    places: new Set(specs.map(placeOfSecret)),
    files: new Set(specs.flatMap(spec => ('path' in spec ? [spec.path] : []))),
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

/**
 * Looks for stores of which only the hash is known (`lost`, by key id): among the key's default keychain entry and whatever
 * the texts declare, filled in for the key. Hashes that nothing answers to are left out.
 */
export async function findLostStores(
  desired: DesiredState,
  lost: ReadonlyMap<string, readonly string[]>,
  texts: readonly Text[],
): Promise<ReadonlyMap<string, readonly LostStore[]>> {
  const uses = usesOf(desired)
  const parts = (await Promise.all(texts.map(partOf))).filter(part => part !== null)
  const entries = parts.flatMap(part => [{ value: 'keychain', part, path: [] } as const, ...entriesOf(part)])
  const result = new Map<string, readonly LostStore[]>()
  for (const key of desired.keys) {
    const hashes = lost.get(key.keyId) ?? []
    if (hashes.length === 0) continue
    const stores = new Map<string, LostStore>()
    const names = namesOf(desired, key)
    for (const entry of entries) {
      for (const each of names) {
        const store = resolveStore(entry, each, () => undefined)
        if (store === null || !hashes.includes(store.hash) || stores.has(store.hash)) continue
        stores.set(store.hash, { ...store, free: freePart(store.spec, uses) })
      }
      if (stores.size === hashes.length) break
    }
    result.set(key.keyId, [...stores.values()])
  }
  return result
}
