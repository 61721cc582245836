import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'
import type { Secret } from '../../model/secret.ts'
import { credentialFromEnvironment, profileName } from '../../platform/credentials.ts'
import type { Session } from '../../platform/credentials.ts'
import { requireTrustedOrigin } from '../../platform/endpoint.ts'
import { identityFields, renderFields } from '../../render/keys/identity.ts'
import type { KeptLogin, Logins } from '../../stores/logins.ts'
import { escapeControls } from '../../render/text/escape.ts'

export interface LoginOptions extends ConnectionOptions {
  readonly verbose: boolean
  /** From the command line. */
  readonly apiKey: Secret | null
  /** Read the key from standard input. */
  readonly withToken: boolean
  /** Log in in a browser. */
  readonly device: boolean
}

/** Where the keychain takes no login. Its own hints are about the stores of a configuration. */
function withoutKeychain(error: unknown): unknown {
  // An entry that somebody else wrote is another trouble.
  if (!(error instanceof Failure) || error.code === 'conflict') return error
  return new Failure(
    'failed',
    `A login is kept in the keychain, which does not work here: ${error.message}`,
    {
      hints: [
        'Put the key into the environment as FLUXLOOP_API_KEY: it needs no login, and goes before every other credential.',
        'Or unlock the keychain of your desktop, or install one (gnome-keyring, KeePassXC), and log in again.',
      ],
    },
  )
}

/** Before anything is asked: nobody should paste a key for nothing. */
async function formerLogin(logins: Logins, profile: string): Promise<KeptLogin | null> {
  try {
    return await logins.get(profile)
  } catch (error) {
    throw withoutKeychain(error)
  }
}

/** A key, or null for a login in a browser. */
async function keyToKeep(
  { apiKey, withToken, device }: LoginOptions,
  url: string,
  context: Context,
): Promise<Secret | null> {
  if (apiKey !== null && withToken) throw new Failure('usage', 'Give --api-key or --with-token, not both')
  if (device && (apiKey !== null || withToken)) throw new Failure('usage', 'Give --device or a key, not both')
  if (device) return null
  if (apiKey !== null) {
    context.stderr.print(
      'The key was in the arguments: other users of this machine can see those, and your shell may keep them. Better leave the flag out, or use --with-token.',
    )
    return apiKey
  }
  if (withToken) return await context.readSecret()
  if (!context.interactive) {
    throw new Failure('usage', 'auth login cannot ask for the key: not a terminal', {
      hints: [
        'Pipe the key in: `auth login --with-token <key.txt`.',
        'Or log in in a browser: `auth login --device`.',
      ],
    })
  }
  context.stderr.print(
    `Log in to ${url} with an API key, of which nothing will show here. Press Enter without one to log in in a browser.`,
  )
  return await context.askSecret('API key: ')
}

/** Waits until a person has approved the login in a browser. */
async function loginInBrowser(options: LoginOptions, context: Context): Promise<Session> {
  const calls = await context.openLogin(options)
  try {
    const login = await calls.start()
    const { stderr } = context
    stderr.print(
      `Open this page, and approve the login where it shows the code ${escapeControls(login.userCode)}:`,
    )
    stderr.print(`  ${escapeControls(login.verificationUrl)}`)
    for (let waited = 0; waited < login.expiresIn; waited += login.interval) {
      await context.pause(login.interval)
      const state = await calls.complete(login)
      if (state.status === 'approved') return state.session
      if (state.status === 'denied')
        throw new Failure('authentication', 'The login was denied in the browser')
      if (state.status === 'expired') break
    }
    throw new Failure('authentication', 'The code has expired: nobody approved the login', {
      hints: ['Run auth login again.'],
    })
  } finally {
    calls.close()
  }
}

/** Checks a key with the platform, then keeps it in the keychain for its profile and the platform's origin. */
export async function runLogin(options: LoginOptions, context: Context): Promise<number> {
  const profile = profileName(options.profile)
  const endpoint = await context.endpoint(options)
  const { url } = endpoint
  if (url.startsWith('sandbox:'))
    throw new Failure('usage', 'A sandbox in this process has its own administrator and needs no login')
  // Before anything is asked: a key that was typed is one that the platform of a repository's file must not get.
  requireTrustedOrigin(endpoint)
  const { origin } = new URL(url)
  const logins = await context.logins()
  const former = await formerLogin(logins, profile)
  const key = await keyToKeep(options, url, context)
  const session = key === null ? await loginInBrowser(options, context) : null
  const secret = key ?? session?.accessToken
  if (secret === undefined) throw new TypeError('unreachable: a login gives a key or a session')
  const { client } = await context.connect({ ...options, secret })
  const identity = await client.whoami()
  const place = await logins
    .put(profile, { origin, secret, ...(session === null ? {} : { session }) })
    .catch((error: unknown) => {
      throw withoutKeychain(error)
    })

  const { stdout, stderr, timeZone } = context
  const style = { palette: stdout.palette, width: stdout.width, now: context.now(), timeZone }
  stdout.print(`${stdout.palette.green('✅')} Logged in to ${origin}\n\n`)
  stdout.print(
    renderFields([...identityFields(identity, session?.expiresAt ?? null, style), ['Kept in', place]], style),
  )
  stdout.print(`\nIt is sent to ${origin} and nowhere else.`)
  if (former !== null && former.origin !== origin)
    stderr.print(
      `The profile ${escapeControls(profile)} had a login for ${escapeControls(former.origin)}, which this one replaced.`,
    )
  if (options.profile === null && credentialFromEnvironment(context.env) !== null)
    stderr.print(
      `The key in the environment goes before this login: unset it, or say --profile ${escapeControls(profile)} where you mean the login.`,
    )
  return 0
}
