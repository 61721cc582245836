import { beginsLikeKey } from '../platform/credentials.ts'
import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'
import { type StoreSpec, storeLabel } from '../model/store.ts'
import { keychainFailure } from './keychain-failure.ts'
import type { KeychainProcess } from './keychain-process.ts'
import type { KeychainProblem, KeychainRequest } from './keychain-protocol.ts'
import type { SecretStore } from './secret-store.ts'

/** Of the entries that `auth login` makes. */
export const loginService = 'fluxloop-keys'

export type KeychainSpec = Extract<StoreSpec, { kind: 'keychain' }>

/** The keychain of this machine: asked once a run whether it works, by whichever store comes first. */
export interface Keychain {
  /** Null where it takes and gives back secrets. */
  availability(): Promise<{ readonly problem: KeychainProblem; readonly failure: Failure } | null>
  /** The entry's value. Throws a Failure. */
  ask(request: KeychainRequest): Promise<string | null>
}

export function createKeychain(helper: KeychainProcess): Keychain {
  let known: ReturnType<Keychain['availability']> | null = null

  async function check(): ReturnType<Keychain['availability']> {
    const answer = await helper.ask({ op: 'probe' })
    return 'value' in answer
      ? null
      : { problem: answer.problem, failure: keychainFailure(answer.problem, answer.detail) }
  }

  return {
    availability() {
      known ??= check()
      return known
    },
    async ask(request) {
      const answer = await helper.ask(request)
      if ('value' in answer) return answer.value
      throw keychainFailure(answer.problem, answer.detail)
    },
  }
}

/** An entry of the system's keychain, under the spec's service and account. */
export function keychainStore(spec: KeychainSpec, keychain: Keychain): SecretStore {
  const { service, account } = spec

  async function read(): Promise<Secret | null> {
    const value = await keychain.ask({ op: 'get', service, account })
    return value === null ? null : new Secret(value)
  }

  /**
   * An entry under any service and account can be named in a configuration, one of another application too. What is overwritten
   * has to be a key of the platform, or a login, whose service no configuration may name.
   */
  async function refuseForeign(): Promise<void> {
    const before = await keychain.ask({ op: 'get', service, account })
    if (before === null || beginsLikeKey(before) || service === loginService) return
    throw new Failure(
      'refused',
      `${storeLabel(spec)} holds something that is not an API key, so it is left as it is.`,
      {
        hints: ['Set another `service` or `account` for this key.'],
      },
    )
  }

  return {
    backend: 'keychain',
    readable: true,

    async probe() {
      const trouble = await keychain.availability()
      if (trouble !== null) throw trouble.failure
    },

    async put(secret, fence) {
      await refuseForeign()
      fence?.()
      await keychain.ask({ op: 'set', service, account, secret: secret.reveal() })
      const stored = await read()
      if (stored?.equals(secret) !== true) {
        throw new Failure('failed', `${storeLabel(spec)} did not give back what was stored in it.`, {
          hints: ['Look for a second entry of that name in your keychain, or use another store.'],
        })
      }
      return storeLabel(spec)
    },

    /**
     * A locked Secret Service may answer "no such entry". Only one that takes a secret just now is surely unlocked, so
     * nothing found is believed after a fresh probe and a second look.
     */
    async get() {
      const found = await read()
      if (found !== null || process.platform !== 'linux') return found
      await keychain.ask({ op: 'probe' })
      return read()
    },

    async remove(fence) {
      fence?.()
      await keychain.ask({ op: 'remove', service, account })
    },
  }
}
