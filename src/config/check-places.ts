import { presetPlace } from '../model/presets/presets.ts'
import { type StoreSpec, storeLabel, variablesOf } from '../model/store.ts'
import { placeText } from './place-text.ts'
import { type Located, type Report, diagnosticFor, keyPlace } from './parts.ts'
import type { RawKey, RawStore } from './raw.ts'
import type { ResolvedKey } from './resolve-key.ts'

interface Holder {
  readonly keyId: string
  /** Where it is shown; its line is worked out only for a clash. */
  readonly at: Located<RawStore> | Located<RawKey>
}

/** A store and the one behind it. */
export function withFallback(spec: StoreSpec): StoreSpec[] {
  return spec.kind === 'keychain' && spec.fallback !== null ? [spec, spec.fallback] : [spec]
}

/** An env file that sets several variables stands for each of them. */
function oneVariableEach(spec: StoreSpec): readonly StoreSpec[] {
  if (spec.kind !== 'env-file' || spec.also === undefined) return [spec]
  const { kind, path, declaredIn } = spec
  return variablesOf(spec).map(name => ({ kind, path, declaredIn, name }))
}

/** One for each place that a secret is put at. */
function placesOf(spec: StoreSpec): readonly StoreSpec[] {
  const all = withFallback(spec)
  return all.some(each => 'also' in each) ? all.flatMap(oneVariableEach) : all
}

/** Two secrets with one of these in common would overwrite each other. */
export function placeOfSecret(spec: StoreSpec): string {
  switch (spec.kind) {
    case 'keychain':
      return JSON.stringify([spec.kind, spec.service, spec.account])
    case 'env-file':
      return JSON.stringify([spec.kind, spec.path, spec.name])
    case 'age-file':
      return JSON.stringify([spec.kind, spec.path])
    case 'exec':
      return JSON.stringify([spec.kind, spec.put])
    case 'preset':
      return JSON.stringify([spec.preset, presetPlace(spec.preset, spec.settings)])
  }
}

/** Reports every two stores that aim at one place, be they of two keys or of one. */
export function checkPlaces(
  resolved: readonly ResolvedKey[],
  keys: ReadonlyMap<string, Located<RawKey>>,
  report: Report,
): void {
  const holders = new Map<string, Holder>()
  /** An age file is written as a whole, so it may not be an env file too. */
  const files = new Map<string, { readonly kind: StoreSpec['kind']; readonly holder: Holder }>()
  for (const { key, stores } of resolved) {
    const declaration = keys.get(key.keyId)
    for (const { store, at } of stores) {
      // A store of `defaults` says nothing about which keys clash: there the keys are shown.
      const shown: Located<RawStore> | Located<RawKey> | undefined = at.path[0] === 'keys' ? at : declaration
      if (shown === undefined) continue
      // The whole key stands for a keychain that nobody wrote down.
      const onKey = shown === declaration
      for (const spec of placesOf(store.spec)) {
        const id = placeOfSecret(spec)
        const holder: Holder = { keyId: key.keyId, at: shown }
        const path = 'path' in spec ? spec.path : null
        const other = path === null ? undefined : files.get(path)
        const first =
          holders.get(id) ?? (other !== undefined && other.kind !== spec.kind ? other.holder : undefined)
        if (first === undefined) {
          holders.set(id, holder)
          if (path !== null && other === undefined) files.set(path, { kind: spec.kind, holder })
          continue
        }
        const place = keyPlace(first.at)
        const whose = first.keyId === key.keyId ? 'this key too' : `the key "${first.keyId}" too`
        const message = `${storeLabel(spec)} is where ${whose} puts its secret (${placeText(place)})`
        const hint =
          first.keyId === key.keyId
            ? 'Remove one of the two.'
            : 'Give each key a place of its own, for example with {key} in it.'
        report(diagnosticFor(shown, { code: 'store-clash', message, hint, onKey }, [place]))
      }
    }
  }
}
