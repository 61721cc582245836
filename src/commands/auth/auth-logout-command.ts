import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'
import { credentialFromEnvironment, profileName } from '../../platform/credentials.ts'
import { escapeControls } from '../../render/text/text.ts'

export interface LogoutOptions {
  readonly profile: string | null
  /** Every profile. */
  readonly all: boolean
}

/** Takes kept logins out of the keychain. The keys themselves go on working: the platform is not asked. */
export async function runLogout(options: LogoutOptions, context: Context): Promise<number> {
  if (options.all && options.profile !== null) throw new Failure('usage', 'Give --profile or --all, not both')
  const { stdout, stderr } = context
  const logins = await context.logins()
  const asked = profileName(options.profile)
  const profiles = options.all ? await logins.profiles() : [asked]
  const removed: string[] = []
  for (const profile of profiles) if (await logins.remove(profile)) removed.push(profile)
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
