import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'
import {
  type Credential,
  type Renewal,
  type Session,
  credentialFromEnvironment,
  defaultProfile,
  missingCredential,
  officialFiles,
  profileName,
} from './credentials.ts'
import { type Endpoint, takesAnyCredential, untrustedOrigin } from './endpoint.ts'

/** A login that `auth login` kept: a key, and the only origin it may be sent to. */
export interface Login {
  readonly secret: Secret
  /** `https://api.fluxloop.ai` */
  readonly origin: string
  /** Where it is a person's, from the device flow. */
  readonly session?: Session
}

/** Where credentials may lie. None is asked before it is its turn. */
export interface CredentialReaders {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Our own keychain entry; null where there is none. Rejects with a `Failure` where nobody can tell. */
  readonly login: (profile: string) => Promise<Login | null>
  /** The text of a file below the home folder; null where there is none. Rejects with a `Failure`. */
  readonly homeFile: (path: string) => Promise<string | null>
  /** Writes a renewed login back where it came from: our keychain entry, or the file of the platform's own client. */
  readonly keepLogin: (profile: string, login: Login) => Promise<void>
  readonly keepToken: (text: string) => Promise<void>
  readonly now: () => Instant
  /** A word to the user, on a line of its own. */
  readonly tell: (text: string) => void
}

async function fromKeychain(
  profile: string,
  endpoint: Endpoint,
  { login, keepLogin, tell }: CredentialReaders,
): Promise<Credential | null> {
  let kept: Login | null
  try {
    kept = await login(profile)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    tell(`The keychain could not be asked for a login: ${error.message}`)
    return null
  }
  if (kept === null) return null
  const { origin } = new URL(endpoint.url)
  if (kept.origin !== origin) {
    tell(`The login of the profile ${profile} is for ${kept.origin}, so it is not sent to ${origin}.`)
    return null
  }
  const source = `the keychain (profile ${profile}, kept by auth login)`
  const { session } = kept
  if (session === undefined) return { secret: kept.secret, source, expiresAt: null }
  const renewal: Renewal = {
    read: async () => {
      const now = await login(profile)
      return now?.origin === origin ? (now.session ?? null) : null
    },
    keep: async fresh => {
      await keepLogin(profile, { origin, secret: fresh.accessToken, session: fresh })
    },
  }
  return { secret: session.accessToken, source, expiresAt: session.expiresAt, renewal }
}

async function fromOfficialFiles(
  profile: string | null,
  readers: CredentialReaders,
): Promise<Credential | null> {
  const name = profile ?? defaultProfile
  const text = await readers.homeFile(officialFiles.profiles)
  if (text !== null) {
    const { readProfile } = await import('./official-files.ts')
    const found = usable(readProfile(text, name), `~/${officialFiles.profiles} (profile ${name})`, readers)
    if (found !== null) return found
  }
  // The token belongs to no profile.
  return profile === null ? await fromOfficialLogin(readers) : null
}

function usable(
  found: Pick<Credential, 'secret' | 'expiresAt'> | null,
  source: string,
  { now, tell }: CredentialReaders,
): Credential | null {
  if (found === null) return null
  if (found.expiresAt === null || found.expiresAt > now()) return { ...found, source }
  tell(`The credential in ${source} has expired, so it is not used.`)
  return null
}

/** The login of the platform's own command line. One that can be renewed does not expire. */
async function fromOfficialLogin(readers: CredentialReaders): Promise<Credential | null> {
  const path = officialFiles.token
  const source = `~/${path}`
  const text = await readers.homeFile(path)
  if (text === null) return null
  const { readToken, writeToken } = await import('./official-files.ts')
  const session = readToken(text)
  if (session === null) return null
  const { accessToken: secret, expiresAt } = session
  if (session.refreshToken === null) {
    const found = usable({ secret, expiresAt }, source, readers)
    if (found === null) readers.tell('Log in again: fluxloop-keys auth login, or fluxloop auth login.')
    return found
  }
  const renewal: Renewal = {
    read: async () => {
      const now = await readers.homeFile(path)
      return now === null ? null : readToken(now)
    },
    keep: async fresh => {
      await readers.keepToken(writeToken(fresh))
    },
  }
  return { secret, expiresAt, source, renewal }
}

/**
 * The credential to use, in this order: `profile`, where one is named (our keychain entry, then the profile of the
 * platform's own command line); the environment; our own keychain entry; the files of the platform's own command line,
 * whose token is renewed where it can be. Null where there is none. An expired one is skipped, and so is one that was kept for another origin.
 *
 * To a platform that only a file names goes a login that was kept for its origin, and nothing else: where there is none, this
 * throws a usage `Failure`, whatever other credentials there are.
 */
export async function findCredential(
  profile: string | null,
  endpoint: Endpoint,
  readers: CredentialReaders,
): Promise<Credential | null> {
  const name = profileName(profile)
  const fromEnvironment = profile === null ? credentialFromEnvironment(readers.env) : null
  if (fromEnvironment?.passedOver !== undefined && takesAnyCredential(endpoint))
    readers.tell(
      `${fromEnvironment.source} is used; ${fromEnvironment.passedOver} holds another key and is not used.`,
    )
  if (!takesAnyCredential(endpoint)) {
    const login = await fromKeychain(name, endpoint, readers)
    if (login === null) throw untrustedOrigin(endpoint)
    if (fromEnvironment !== null)
      readers.tell(`${fromEnvironment.source} is not used: only ${endpoint.source} names this platform.`)
    return login
  }
  return (
    fromEnvironment ??
    (await fromKeychain(name, endpoint, readers)) ??
    (await fromOfficialFiles(profile, readers))
  )
}

/** The same, for whoever cannot go on without. */
export async function requireCredential(
  profile: string | null,
  endpoint: Endpoint,
  readers: CredentialReaders,
): Promise<Credential> {
  const found = await findCredential(profile, endpoint, readers)
  if (found === null) throw missingCredential(profile)
  return found
}
