import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'
import { loginService } from './keychain.ts'
import type { Session } from '../platform/credentials.ts'
import type { Stores } from './open.ts'

/** A kept key, and the only origin that it may be sent to. */
export interface KeptLogin {
  readonly secret: Secret
  readonly origin: string
  /** Where it is a person's, from the device flow. */
  readonly session?: Session
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
  const { origin, key, session } = (JSON.parse(text) ?? {}) as Record<string, unknown>
  if (typeof origin !== 'string' || typeof key !== 'string') return null
  const secret = new Secret(key)
  return { origin, secret, ...(session === undefined ? {} : { session: readSession(secret, session) }) }
}

function readSession(accessToken: Secret, value: unknown): Session {
  const { refresh_token, expires_at, user_id, user_email } = (value ?? {}) as Record<string, unknown>
  const word = (text: unknown) => (typeof text === 'string' ? text : '')
  return {
    accessToken,
    refreshToken: word(refresh_token) === '' ? null : new Secret(word(refresh_token)),
    expiresAt: typeof expires_at === 'number' ? expires_at : null,
    userId: word(user_id),
    userEmail: word(user_email),
  }
}

function sessionToJson({ refreshToken, expiresAt, userId, userEmail }: Session) {
  return {
    refresh_token: refreshToken?.reveal() ?? '',
    expires_at: expiresAt,
    user_id: userId,
    user_email: userEmail,
  }
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
    async put(profile, { origin, secret, session }) {
      // The names come first: an entry that logout does not know of would outlive it.
      await keepNames([...(await profiles()), profile])
      const kept = {
        ...{ origin, key: secret.reveal() },
        ...(session === undefined ? {} : { session: sessionToJson(session) }),
      }
      return await entry(profile).put(new Secret(JSON.stringify(kept)))
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
