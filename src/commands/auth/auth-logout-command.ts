import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'
import { credentialFromEnvironment, profileName } from '../../platform/credentials.ts'
import { escapeControls } from '../../render/text/escape.ts'
import type { Logins } from '../../stores/logins.ts'

export interface LogoutOptions {
  readonly profile: string | null
  /** Every profile. */
  readonly all: boolean
}

/** Of one profile, or of all. What a keychain that does not work suggests besides is about the stores of a configuration. */
async function takeOut(profile: string | null, logins: Logins): Promise<readonly string[]> {
  try {
    const removed: string[] = []
    for (const each of profile === null ? await logins.profiles() : [profile])
      if (await logins.remove(each)) removed.push(each)
    return removed
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'conflict') throw error
    const message = `Logins are kept in the keychain, which does not work here: ${error.message}`
    throw new Failure('failed', message, { hints: error.hints.slice(0, 1) })
  }
}

/** Takes kept logins out of the keychain. The keys themselves go on working: the platform is not asked. */
export async function runLogout(options: LogoutOptions, context: Context): Promise<number> {
  if (options.all && options.profile !== null) throw new Failure('usage', 'Give --profile or --all, not both')
  const { stdout, stderr } = context
  const asked = profileName(options.profile)
  const removed = await takeOut(options.all ? null : asked, await context.logins())
  if (removed.length > 0) {
    stdout.print(`${stdout.palette.green('✅')} Logged out: ${removed.map(escapeControls).join(', ')}`)
    stdout.print(
      'What was kept is a key that still works: revoke it in the web platform, or with apikeys delete.',
    )
  } else
    stdout.print(
      options.all ? 'There was no login' : `There was no login for the profile ${escapeControls(asked)}`,
    )
  if (credentialFromEnvironment(context.env) !== null)
    stderr.print('The key in the environment is still there, and is still used.')
  return 0
}
