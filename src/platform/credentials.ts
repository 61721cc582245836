import { type Instant, minute } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'

/** In the order in which the platform's own client reads them. It calls the second one older, its pages know no other. */
export const credentialVariables = ['FLUXLOOP_SYNC_API_KEY', 'FLUXLOOP_API_KEY'] as const

/** What templates of the platform have in place of a key. Its own client takes it for no key, too. */
export const placeholderKey = 'your-api-key-here'

/** What the names of variables with a signing key look like, as the schema has it. */
const signingVariable = /^FLUXLOOP_KEYS_SIGNING_KEY(_[A-Z0-9_]{1,64})?$/

/** The database of a fleet, with the password in its URL. */
export const databaseVariable = 'FLUXLOOP_KEYS_DATABASE_URL'

/**
 * The variables of an environment that hold what is the caller's alone: the keys by which it calls and signs, and the database of its
 * fleet.
 */
export function callersVariables(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const signing = Object.keys(environment).filter(name => signingVariable.test(name))
  return [...credentialVariables, ...signing, databaseVariable]
}

/** The files of the platform's own command line, below the home folder. Source: its public client. */
export const officialFiles = { profiles: '.fluxloop/credentials', token: '.fluxloop/auth.json' } as const

/** The profile where nobody names one. */
export const defaultProfile = 'default'

export interface Credential {
  readonly secret: Secret
  /** Where it was found, for people: `FLUXLOOP_API_KEY in the environment`. */
  readonly source: string
  /** As its source says; null where it says nothing. */
  readonly expiresAt: Instant | null
  /** Of a login, which lives for an hour and can be renewed. */
  readonly renewal?: Renewal
  /** Another variable of the environment that holds another key, which is not used. */
  readonly passedOver?: string
}

/** A person's login, as the platform gives it. */
export interface Session {
  readonly accessToken: Secret
  /** Null: it cannot be renewed. */
  readonly refreshToken: Secret | null
  /** Null: nobody knows. */
  readonly expiresAt: Instant | null
  readonly userId: string
  readonly userEmail: string
}

/** Where a login is kept. */
export interface Renewal {
  /** The login as it is there now: another process may have renewed it. Null where there is none any more. */
  readonly read: () => Promise<Session | null>
  readonly keep: (session: Session) => Promise<void>
}

/** A login is renewed this long before its end. Source: the platform's own client. */
export const renewalMargin = 5 * minute

/** What somebody gave as a key, without the white space around it. Fails with `authentication` where no header can carry it. */
export function keyOf(text: string, source: string): Secret {
  const value = text.trim()
  if (/^(["'`]).*\1$/s.test(value)) {
    throw new Failure('authentication', `${source} is not an API key: it stands in quotes`, {
      hints: [
        'Take the quotes away. A shell does so itself; files such as those of `docker run --env-file`, and the settings of a CI system, take them for a part of the value.',
      ],
    })
  }
  if (/^[!-~]{1,8192}$/.test(value)) return new Secret(value)
  const why = value === '' ? 'it is empty' : 'it has spaces, or characters that no key has'
  throw new Failure('authentication', `${source} is not an API key: ${why}`, {
    hints: ['Copy the key again, without quotes, spaces and line breaks.'],
  })
}

/**
 * The credential of the environment; null where there is none. A variable that is empty or holds the placeholder of a template
 * counts as none. Fails with `authentication` where the value cannot be sent in a header.
 */
export function credentialFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Credential | null {
  const valueOf = (name: string) => environment[name]?.trim() ?? ''
  const [name, ...others] = credentialVariables.filter(each => !['', placeholderKey].includes(valueOf(each)))
  if (name === undefined) return null
  const value = valueOf(name)
  const passedOver = others.find(each => valueOf(each) !== value)
  return {
    secret: keyOf(value, name),
    source: `${name} in the environment`,
    expiresAt: null,
    ...(passedOver === undefined ? {} : { passedOver }),
  }
}

/** The name of a profile, as it was given. Throws a usage `Failure` where it is none. */
export function profileName(text: string | null): string {
  if (text === null) return defaultProfile
  if (/^[A-Za-z0-9][\w.@-]{0,63}$/.test(text)) return text
  throw new Failure('usage', '--profile takes a name of letters, digits and . _ - @, 64 at most')
}

/** The failure where no credential was found anywhere. */
export function missingCredential(profile: string | null): Failure {
  const message =
    profile === null
      ? 'There is no API key to call the platform with'
      : `There is no login for the profile ${profile}`
  const option = profile === null ? '' : ` --profile ${profile}`
  return new Failure('authentication', message, {
    hints: [
      `Log in with \`fluxloop-keys auth login${option}\`.`,
      'Or use the login of the platform’s own command line: fluxloop auth login',
      'Or create a key with the permission manage_keys in the web platform, and put it into the environment as FLUXLOOP_API_KEY.',
      'To try things out without an account, add --api-url sandbox: to the command.',
    ],
  })
}

/** Does a text begin as keys do? Source: the platform's pages, some of which have `flux_ci_`, others `flx_api_`. */
export function beginsLikeKey(text: string): boolean {
  return /^flu?x_/.test(text)
}
