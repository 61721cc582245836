import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'
import { loginService } from './keychain.ts'
import type { Stores } from './open.ts'

/** A kept key, and the only origin that it may be sent to. */
export interface KeptLogin {
  readonly secret: Secret
  readonly origin: string
}

/** What `auth login` keeps: one entry a profile in the keychain of this machine. Every method rejects with a `Failure`. */
export interface Logins {
  /** Null where there is none. */
  get(profile: string): Promise<KeptLogin | null>
  /** Answers with where it is, in words. */
  put(profile: string, login: KeptLogin): Promise<string>
  /** Was there one? */
  remove(profile: string): Promise<boolean>
  /** Every profile with an entry, sorted. */
  profiles(): Promise<readonly string[]>
}

const service = loginService
/** Keychains differ in how they list entries, so the names stand in one of their own. No profile can have this name. */
const index = '(profiles)'

function readLogin(text: string): KeptLogin | null {
  const { origin, key } = (JSON.parse(text) ?? {}) as Record<string, unknown>
  return typeof origin === 'string' && typeof key === 'string' ? { origin, secret: new Secret(key) } : null
}

function readNames(text: string): readonly string[] {
  const names = JSON.parse(text) as unknown
  return Array.isArray(names) ? names.filter(name => typeof name === 'string') : []
}

/** What `read` makes of an entry; null where the entry is not ours to understand. A parser's words may quote it, so they are dropped. */
function understood<T>(read: (text: string) => T | null, entry: Secret): T | null {
  try {
    return read(entry.reveal())
  } catch {
    return null
  }
}

export function openLogins(stores: Stores): Logins {
  const entry = (account: string) => stores.open({ kind: 'keychain', service, account, fallback: null })

  async function profiles(): Promise<readonly string[]> {
    const kept = await entry(index).get()
    return kept === null ? [] : (understood(readNames, kept) ?? [])
  }

  async function keepNames(names: Iterable<string>): Promise<void> {
    const sorted = [...new Set(names)].sort()
    if (sorted.length === 0) await entry(index).remove()
    else await entry(index).put(new Secret(JSON.stringify(sorted)))
  }

  return {
    profiles,
    async get(profile) {
      const kept = await entry(profile).get()
      if (kept === null) return null
      const login = understood(readLogin, kept)
      if (login !== null) return login
      throw new Failure(
        'conflict',
        `The keychain entry ${service}/${profile} is not one that auth login wrote.`,
        {
          hints: ['Remove it in your keychain program, and log in again.'],
        },
      )
    },
    async put(profile, { origin, secret }) {
      // The names come first: an entry that logout does not know of would outlive it.
      await keepNames([...(await profiles()), profile])
      return await entry(profile).put(new Secret(JSON.stringify({ origin, key: secret.reveal() })))
    },
    async remove(profile) {
      const existed = (await entry(profile).get()) !== null
      if (existed) await entry(profile).remove()
      const names = await profiles()
      if (names.includes(profile)) await keepNames(names.filter(name => name !== profile))
      return existed
    },
  }
}
