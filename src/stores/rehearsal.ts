import { access, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../model/failure.ts'
import { presetOf } from '../model/presets/presets.ts'
import { Secret } from '../model/secret.ts'
import { type StoreSpec, storeLabel } from '../model/store.ts'
import type { Stores } from './open.ts'

/** A place next to a key's own one, and what its removal may leave behind. */
interface Stage {
  readonly spec: StoreSpec
  readonly file: string | null
}

/** Where a store can be tried without touching what it keeps; null where it has no such place. */
function stageFor(spec: StoreSpec, nonce: string): Stage | null {
  switch (spec.kind) {
    case 'keychain':
      return {
        spec: { ...spec, service: 'fluxloop-keys-doctor', account: nonce, fallback: null },
        file: null,
      }
    case 'env-file': {
      const file = join(dirname(spec.path), `.env.doctor-${nonce}`)
      return { spec: { ...spec, path: file }, file }
    }
    case 'age-file': {
      const file = join(dirname(spec.path), `.${basename(spec.path)}.doctor-${nonce}`)
      return { spec: { ...spec, path: file }, file }
    }
    case 'exec':
      return spec.trial === null ? null : { spec: { ...spec, ...spec.trial }, file: null }
    case 'preset': {
      const { siblingSetting, settings: known } = presetOf(spec.preset)
      const own = spec.settings[siblingSetting] ?? ''
      const other =
        known[siblingSetting]?.variable === true
          ? `${own}_DOCTOR_${nonce.toUpperCase()}`
          : `${own}-doctor-${nonce}`
      return { spec: { ...spec, settings: { ...spec.settings, [siblingSetting]: other } }, file: null }
    }
  }
}

async function exists(folder: string): Promise<boolean> {
  return access(folder).then(
    () => true,
    () => false,
  )
}

/**
 * Tries a store for real with a value that is not a secret: put, get where it can be read, remove. Never at the place that it
 * stands for, but next to it. Resolves to what was tried. Throws the `Failure` of the first thing that does not work;
 * nothing of the trial stays.
 */
export async function rehearse(
  spec: StoreSpec,
  stores: Pick<Stores, 'open'>,
  nonce: string,
): Promise<readonly ('probe' | 'put' | 'get' | 'remove')[]> {
  await stores.open(spec).probe()
  const stage = stageFor(spec, nonce)
  if (stage === null) return ['probe']
  // Folders are made with the first secret, not for a trial.
  if (stage.file !== null && !(await exists(dirname(stage.file)))) return ['probe']
  const store = stores.open(stage.spec)
  const value = new Secret(`no-secret-${nonce}`)
  let removed = false
  try {
    await store.put(value)
    if (store.readable && (await store.get())?.equals(value) !== true) {
      throw new Failure('failed', `${storeLabel(spec)} does not give back what is put there`, {
        hints: ['Something else writes to that place, or changes what is written.'],
      })
    }
    await store.remove()
    removed = true
    if (store.readable && (await store.get()) !== null) {
      throw new Failure('failed', `${storeLabel(spec)} keeps what is removed from it`, {
        hints: ['Secrets of keys that leave it would stay there.'],
      })
    }
  } finally {
    // What went wrong is thrown already, and says more than a second failure.
    if (!removed) await store.remove().catch(() => undefined)
    if (stage.file !== null) await rm(stage.file, { force: true })
  }
  return store.readable ? ['probe', 'put', 'get', 'remove'] : ['probe', 'put', 'remove']
}
