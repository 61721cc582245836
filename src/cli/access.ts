import { type Command, defineCommand } from './command.ts'
import { text, toggle } from './flags.ts'
import { allowPath, config, connection, json } from './shared-flags.ts'

const group = 'access'

/** A login always needs a key of its own, so its profile says where it goes, not what is used. */
const profile = text('<name>', 'Which login (default: default)')

export const access: readonly Command[] = [
  defineCommand({
    name: 'auth login',
    group,
    summary: 'Log in with a key or a browser, and keep the login',
    about: ['A key is checked first. The login is kept in the keychain, for one platform.'],
    flags: {
      withToken: toggle('Read the key from standard input'),
      device: toggle('Log in as a person, in a browser; the login is renewed by itself'),
      ...connection,
      profile,
      apiKey: text('<api-key>', 'The key; other users of this machine can see arguments'),
    },
    examples: [
      'auth login',
      'auth login --device',
      'auth login --with-token < key.txt',
      'auth login --staging --profile staging',
    ],
    run: async ({ flags }, context) => {
      const [{ runLogin }, { keyOf }] = await Promise.all([
        import('../commands/auth/auth-login-command.ts'),
        import('../platform/credentials.ts'),
      ])
      const apiKey = flags.apiKey === null ? null : keyOf(flags.apiKey, 'The value of --api-key')
      return await runLogin({ ...flags, apiKey }, context)
    },
  }),
  defineCommand({
    name: 'auth logout',
    group,
    summary: 'Take kept logins out of the keychain',
    about: ['The keys themselves go on working.'],
    flags: { profile, all: toggle('Every login that was kept here') },
    examples: ['auth logout', 'auth logout --profile staging', 'auth logout --all'],
    run: async ({ flags }, context) => {
      const { runLogout } = await import('../commands/auth/auth-logout-command.ts')
      return await runLogout(flags, context)
    },
  }),
  defineCommand({
    name: 'auth status',
    group,
    aliases: ['status'],
    about: ['Who it belongs to, what it may do, and when it expires.'],
    summary: 'Show which credential is in use',
    flags: { json, ...connection },
    examples: ['auth status', 'status --json', 'status --profile staging'],
    run: async ({ flags }, context) => {
      const { runStatus } = await import('../commands/auth/auth-status-command.ts')
      return await runStatus(flags, context)
    },
  }),
  defineCommand({
    name: 'auth whoami',
    group,
    summary: 'Show what the platform says of the credential in use',
    flags: { json, ...connection },
    examples: ['auth whoami', 'auth whoami --json'],
    run: async ({ flags }, context) => {
      const { runWhoami } = await import('../commands/auth/auth-whoami-command.ts')
      return await runWhoami(flags, context)
    },
  }),
  defineCommand({
    name: 'doctor',
    group,
    summary: 'Try all that a run needs, and say what does not work here',
    about: ['Node, credentials, platform, clock, permissions, locks, and every store for real.'],
    flags: {
      config,
      json,
      write: toggle('Try also the calls that write: makes a key and ends it'),
      ...connection,
      allowPath,
    },
    examples: ['doctor', 'doctor --json', 'doctor --staging', 'doctor --write'],
    run: async ({ flags }, context) => {
      const { runDoctor } = await import('../commands/doctor-command.ts')
      return await runDoctor(flags, context)
    },
  }),
  defineCommand({
    name: 'unlock',
    group,
    summary: 'Show which run holds the lock of the stack, or remove it',
    about: ['A lock is removed where its run is gone, never that of a run at work.'],
    flags: {
      config,
      force: toggle('Also a lock whose run cannot be seen from here; never that of a run at work'),
      apiUrl: text('<url>', 'The platform that the run writes to'),
      staging: connection.staging,
    },
    examples: ['unlock', 'unlock --staging'],
    run: async ({ flags }, context) => {
      const { runUnlock } = await import('../commands/unlock-command.ts')
      return await runUnlock(flags, context)
    },
  }),
]
