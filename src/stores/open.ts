import { Failure } from '../model/failure.ts'
import { type Milliseconds, second } from '../model/duration.ts'
import type { StoreSpec } from '../model/store.ts'
import { ageFileStore } from './age-file.ts'
import { envFileStore } from './env-file.ts'
import { execStore } from './exec.ts'
import { type FileLocking, requireLockable } from './file-lock.ts'
import { keychainProcess } from './keychain-process.ts'
import { createKeychain, keychainStore } from './keychain.ts'
import { presetStore } from './preset.ts'
import type { SecretStore } from './secret-store.ts'
import { filesOf, sweep } from './sweep.ts'
import { withFallback } from './with-fallback.ts'

export interface Stores {
  open(spec: StoreSpec): SecretStore
  /** Asks each backend once whether it can take a secret; null where it can. In the order of `specs`. */
  probe(specs: readonly StoreSpec[]): Promise<Map<StoreSpec, Failure | null>>
  /** Takes away what killed writers left in the folders of these stores. */
  sweep(specs: readonly StoreSpec[]): Promise<void>
  /** Does the keychain of this machine take secrets? Asked once a run. */
  keychainWorks(): Promise<boolean>
  /** Ends the keychain helper. */
  close(): Promise<void>
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
  const helper = keychainProcess({
    env: deps.env,
    ...deps.keychainHelper,
    timeoutMs: deps.timeoutMs ?? 20 * second,
  })
  const keychain = createKeychain(helper)
  const { locking = {} } = deps

  function open(spec: StoreSpec): SecretStore {
    switch (spec.kind) {
      case 'keychain':
        return spec.fallback === null
          ? keychainStore(spec, keychain)
          : withFallback(spec, keychain, { spec: spec.fallback, store: open(spec.fallback) })
      case 'env-file':
        return envFileStore(spec, deps.env, locking)
      case 'age-file':
        return ageFileStore(spec, locking)
      case 'exec':
        return execStore(spec, deps.env)
      case 'preset':
        return presetStore(spec, deps.env)
    }
  }

  async function probe(specs: readonly StoreSpec[]): Promise<Map<StoreSpec, Failure | null>> {
    const byBackend = new Map<string, Failure | null>()
    const result = new Map<StoreSpec, Failure | null>()
    const locked = await probeLocks(specs, locking)
    for (const spec of specs) {
      const store = open(spec)
      let failure = filesOf(spec).flatMap(path => locked.get(path) ?? [])[0] ?? byBackend.get(store.backend)
      if (failure === undefined) {
        failure = await failureOf(() => store.probe())
        byBackend.set(store.backend, failure)
      }
      result.set(spec, failure)
    }
    return result
  }

  const keychainWorks = async () => (await keychain.availability()) === null
  return { open, probe, sweep, keychainWorks, close: () => helper.close() }
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

async function failureOf(work: () => Promise<void>): Promise<Failure | null> {
  try {
    await work()
    return null
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}
