import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'
import {
  type Credential,
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
}

/** Where credentials may lie. None is asked before it is its turn. */
export interface CredentialReaders {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Our own keychain entry; null where there is none. Rejects with a `Failure` where nobody can tell. */
  readonly login: (profile: string) => Promise<Login | null>
  /** The text of a file below the home folder; null where there is none. Rejects with a `Failure`. */
  readonly homeFile: (path: string) => Promise<string | null>
  readonly now: () => Instant
  /** A word to the user, on a line of its own. */
  readonly tell: (text: string) => void
}

async function fromKeychain(
  profile: string,
  endpoint: Endpoint,
  { login, tell }: CredentialReaders,
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
  return { secret: kept.secret, source, expiresAt: null }
}

async function fromOfficialFiles(
  profile: string | null,
  { homeFile, now, tell }: CredentialReaders,
): Promise<Credential | null> {
  // The token belongs to no profile.
  const files = profile === null ? (['profiles', 'token'] as const) : (['profiles'] as const)
  for (const kind of files) {
    const path = officialFiles[kind]
    const text = await homeFile(path)
    if (text === null) continue
    const { readProfile, readToken } = await import('./official-files.ts')
    const found = kind === 'token' ? readToken(text) : readProfile(text, profile ?? defaultProfile)
    if (found === null) continue
    const source = kind === 'token' ? `~/${path}` : `~/${path} (profile ${profile ?? defaultProfile})`
    if (found.expiresAt !== null && found.expiresAt <= now()) {
      tell(`The credential in ${source} has expired, so it is not used.`)
    } else return { ...found, source }
  }
  return null
}

/**
 * The credential to use, in this order: `profile`, where one is named (our keychain entry, then the profile of the
 * platform's own command line); the environment; our own keychain entry; the files of the platform's own command line,
 * which are only read. Null where there is none. An expired one is skipped, and so is one that was kept for another origin.
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
