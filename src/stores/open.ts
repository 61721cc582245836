import { Failure } from '../model/failure.ts'
import { type Milliseconds, second } from '../model/duration.ts'
import type { Secret } from '../model/secret.ts'
import type { StoreSpec } from '../model/store.ts'
import { ageFileStore, refuseAgePlace } from './age-file.ts'
import { envFileStore, refuseEnvPlace } from './env-file.ts'
import { execStore } from './exec-store.ts'
import { type FileLocking, type FileStoreDeps, requireLockable } from './file-lock.ts'
import { type KeychainProcess, keychainProcess } from './keychain-process.ts'
import { type Keychain, createKeychain, keychainStore } from './keychain.ts'
import { looksWithoutProgram } from './locality.ts'
import { presetStore } from './preset-store.ts'
import type { SecretStore } from './secret-store.ts'
import { filesOf, sweep } from './sweep.ts'
import { withFallback } from './with-fallback.ts'
import { probeFolder } from './write-file.ts'

export interface Stores {
  open(spec: StoreSpec): SecretStore
  /**
   * What a store holds, to compare it here and nowhere else: no runner of a CI job learns the secret. Null where it holds none, or
   * cannot be looked into without running a program. Throws a Failure where it cannot be read.
   */
  look(spec: StoreSpec): Promise<Secret | null>
  /** Asks each backend once whether it can take a secret; null where it can. In the order of `specs`. */
  probe(specs: readonly StoreSpec[]): Promise<Map<StoreSpec, Failure | null>>
  /** Takes away what killed writers left in the folders of these stores. */
  sweep(specs: readonly StoreSpec[]): Promise<void>
  /** Does the keychain of this machine take secrets? Asked once a run. */
  keychainWorks(): Promise<boolean>
  /** Ends the keychain helper. */
  close(): Promise<void>
  /** The same stores, which also write to these files, by their absolute paths, whatever they are called. */
  allowing(paths: readonly string[]): Stores
}

/**
 * The stores of one run.
 * `env` is what the children (the keychain helper and git) may draw from; `keychainHelper` starts `keychain-helper.ts`;
 * `timeoutMs` is how long one request to the keychain may take, with any prompt, 20 seconds unless given; `locking` says
 * how the locks of files are taken.
 */
export function createStores(deps: {
  readonly env: NodeJS.ProcessEnv
  readonly keychainHelper: { readonly command: string; readonly args: readonly string[] }
  readonly timeoutMs?: Milliseconds
  readonly locking?: FileLocking
}): Stores {
  const { env, locking = {}, timeoutMs = 20 * second } = deps
  const helper = keychainProcess({ env, ...deps.keychainHelper, timeoutMs })
  return storesWith({
    env,
    locking,
    helper,
    keychain: createKeychain(helper),
    allowed: [],
    tryFolder: probeFolder,
  })
}

interface Parts extends FileStoreDeps {
  readonly env: NodeJS.ProcessEnv
  readonly helper: KeychainProcess
  readonly keychain: Keychain
}

function storesWith(parts: Parts): Stores {
  const { env, locking, helper, keychain, allowed } = parts

  function open(spec: StoreSpec): SecretStore {
    switch (spec.kind) {
      case 'keychain':
        return spec.fallback === null
          ? keychainStore(spec, keychain)
          : withFallback(spec, keychain, { spec: spec.fallback, store: open(spec.fallback) })
      case 'env-file':
        return envFileStore(spec, parts)
      case 'age-file':
        return ageFileStore(spec, parts)
      case 'exec':
        return execStore(spec, env)
      case 'preset':
        return presetStore(spec, env)
    }
  }

  async function probe(specs: readonly StoreSpec[]): Promise<Map<StoreSpec, Failure | null>> {
    const probing = storesWith({ ...parts, tryFolder: onceForEach(parts.tryFolder) })
    const byBackend = new Map<string, Failure | null>()
    const result = new Map<StoreSpec, Failure | null>()
    const refused = new Map<StoreSpec, Failure>()
    for (const spec of specs) {
      const failure = await refusedPlace(spec, allowed)
      if (failure !== null) refused.set(spec, failure)
    }
    const locked = await probeLocks(
      specs.filter(spec => !refused.has(spec)),
      locking,
    )
    for (const spec of specs) {
      const store = probing.open(spec)
      let failure =
        refused.get(spec) ??
        filesOf(spec).flatMap(path => locked.get(path) ?? [])[0] ??
        byBackend.get(store.backend)
      if (failure === undefined) {
        failure = await failureOf(() => store.probe())
        byBackend.set(store.backend, failure)
      }
      result.set(spec, failure)
    }
    return result
  }

  const keychainWorks = async () => (await keychain.availability()) === null
  return {
    open,
    look: async spec => (looksWithoutProgram(spec) ? await open(spec).get() : null),
    probe,
    sweep,
    keychainWorks,
    close: () => helper.close(),
    allowing: paths => storesWith({ ...parts, allowed: [...allowed, ...paths] }),
  }
}

/**
 * Takes and frees the lock of every file. Those that were left behind take a minute each to expire, so all at once; nobody holds
 * one while waiting for another.
 */
async function probeLocks(
  specs: readonly StoreSpec[],
  locking: FileLocking,
): Promise<ReadonlyMap<string, Failure>> {
  const failures = new Map<string, Failure>()
  const paths = [...new Set(specs.flatMap(filesOf))].sort()
  const probes = paths.map(async path => {
    const failure = await failureOf(() => requireLockable(path, locking))
    if (failure !== null) failures.set(path, failure)
  })
  await Promise.all(probes)
  return failures
}

/** What it comes to for each text, found out the first time that somebody asks. */
function onceForEach<Found>(find: (text: string) => Promise<Found>): (text: string) => Promise<Found> {
  const known = new Map<string, Promise<Found>>()
  return text => {
    const found = known.get(text) ?? find(text)
    known.set(text, found)
    return found
  }
}

/** A backend is probed once, and each file of it has a place of its own. */
async function refusedPlace(spec: StoreSpec, allowed: readonly string[]): Promise<Failure | null> {
  switch (spec.kind) {
    case 'age-file':
      return await failureOf(() => refuseAgePlace(spec, allowed))
    case 'env-file':
      return await failureOf(() => refuseEnvPlace(spec, allowed))
    case 'keychain':
      // Where the keychain takes the secret, it is taken out of the fallback.
      return spec.fallback === null ? null : await refusedPlace(spec.fallback, allowed)
    case 'exec':
    case 'preset':
      return null
  }
}

async function failureOf(work: () => Promise<void> | void): Promise<Failure | null> {
  try {
    await work()
    return null
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}
