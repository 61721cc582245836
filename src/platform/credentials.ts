import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'

/** The platform's name, then its older one. */
const variables = ['FLUXLOOP_API_KEY', 'FLUXLOOP_SYNC_API_KEY'] as const

export interface Credential {
  readonly secret: Secret
  /** Where it was found, for people: `FLUXLOOP_API_KEY in the environment`. */
  readonly source: string
}

/**
 * The credential of the environment; null where there is none. An empty variable counts as none. Fails with
 * `authentication` where the value cannot be sent in a header.
 */
export function credentialFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Credential | null {
  for (const name of variables) {
    const value = environment[name]?.trim() ?? ''
    if (value === '') continue
    if (!/^[!-~]{1,8192}$/.test(value)) {
      throw new Failure(
        'authentication',
        `${name} is not an API key: it has spaces, or characters that no key has`,
        {
          hints: ['Copy the key again, without quotes, spaces and line breaks.'],
        },
      )
    }
    return { secret: new Secret(value), source: `${name} in the environment` }
  }
  return null
}

/** The failure where no credential was found anywhere. */
export function missingCredential(): Failure {
  return new Failure('authentication', 'There is no API key to call the platform with', {
    hints: [
      'Create a key with the permission manage_keys in the web platform, and put it into the environment as FLUXLOOP_API_KEY.',
      'To try things out without an account, add --api-url sandbox: to the command.',
    ],
  })
}
