import { Failure } from '../model/failure.ts'
import { type StoreSpec, storeLabel } from '../model/store.ts'
import { keychainProblemInWords } from './keychain-failure.ts'
import { type Keychain, type KeychainSpec, keychainStore } from './keychain.ts'
import type { Fence, SecretStore } from './secret-store.ts'

/**
 * The keychain, and where it does not work the fallback that the configuration names. What the run finds first holds to its end.
 *
 * A put to the keychain removes the fallback's copy, after it. So where both hold a secret, the fallback's is the newer:
 * it was written while the keychain was away (a login without a desktop, say), and it wins.
 */
export function withFallback(
  spec: KeychainSpec,
  keychain: Keychain,
  fallback: { readonly spec: StoreSpec; readonly store: SecretStore },
): SecretStore {
  const own = keychainStore(spec, keychain)
  const other = fallback.store

  return {
    backend: `keychain, else ${other.backend}`,
    // Without a look into the fallback nobody can tell what is there, or whether the keychain's secret is the newer.
    readable: other.readable,

    async probe() {
      const trouble = await keychain.availability()
      if (trouble === null) return
      await other.probe().catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error
        const why = `${keychainProblemInWords(trouble.problem)}, and the fallback fails: ${error.message}`
        throw new Failure(error.code, `${storeLabel(spec)}: ${why}`, {
          hints: [...error.hints, ...trouble.failure.hints],
        })
      })
    },

    async put(secret, fence) {
      const trouble = await keychain.availability()
      if (trouble !== null) {
        return `${await other.put(secret, fence)}, the fallback: ${keychainProblemInWords(trouble.problem)}`
      }
      const place = await own.put(secret, fence)
      await removeCopy(place, fence)
      return place
    },

    async get() {
      const kept = await other.get()
      if (kept !== null || (await keychain.availability()) !== null) return kept
      return own.get()
    },

    async remove(fence) {
      await other.remove(fence)
      const trouble = await keychain.availability()
      if (trouble === null) await own.remove(fence)
      else if (trouble.problem !== 'no-service') throw trouble.failure
    },
  }

  /** A copy that stays would be read in place of the new secret, so it is an error. */
  async function removeCopy(place: string, fence: Fence | undefined): Promise<void> {
    try {
      await other.remove(fence)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      throw new Failure(
        error.code,
        `The secret is in ${place}, but ${storeLabel(fallback.spec)} may hold an older one: ${error.message}`,
        {
          hints: [`Remove the secret from ${storeLabel(fallback.spec)} and run this again.`, ...error.hints],
        },
      )
    }
  }
}
