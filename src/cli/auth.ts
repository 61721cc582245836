import { type Command, connecting, connectionFlags, jsonFlag } from './command.ts'
import type { Flags } from './flags.ts'

const profileFlag = { name: 'profile', value: '<name>', text: 'Which login (default)' }

/** A login always needs a key of its own, so its profile says where it goes, not what is used. */
const loginFlags = connectionFlags.map(flag => (flag.name === 'profile' ? profileFlag : flag))

function reading(flags: Flags) {
  return { json: flags.on('json'), ...connecting(flags) }
}

const status: Omit<Command, 'name' | 'examples'> = {
  text: 'Show which credential is in use, whose it is, what it may do and when it expires',
  flags: [jsonFlag, ...connectionFlags],
  run: async (flags, context) => {
    const { runStatus } = await import('../commands/auth/status.ts')
    return await runStatus(reading(flags), context)
  },
}

export const auth: readonly Command[] = [
  {
    name: 'auth login',
    text: 'Check a key and keep it in the keychain of this machine, for one platform',
    flags: [
      { name: 'api-key', value: '<api-key>', text: 'The key; other users of this machine can see arguments' },
      { name: 'with-token', text: 'Read the key from standard input' },
      ...loginFlags,
    ],
    examples: ['auth login', 'auth login --with-token < key.txt', 'auth login --staging --profile staging'],
    run: async (flags, context) => {
      const [{ runLogin }, { keyOf }] = await Promise.all([
        import('../commands/auth/login.ts'),
        import('../platform/credentials.ts'),
      ])
      const given = flags.text('api-key')
      const apiKey = given === null ? null : keyOf(given, 'The value of --api-key')
      return await runLogin({ apiKey, withToken: flags.on('with-token'), ...connecting(flags) }, context)
    },
  },
  {
    name: 'auth logout',
    text: 'Take kept logins out of the keychain; the keys themselves go on working',
    flags: [profileFlag, { name: 'all', text: 'Every login that was kept here' }],
    examples: ['auth logout', 'auth logout --profile staging', 'auth logout --all'],
    run: async (flags, context) => {
      const { runLogout } = await import('../commands/auth/logout.ts')
      return await runLogout({ profile: flags.text('profile'), all: flags.on('all') }, context)
    },
  },
  { ...status, name: 'auth status', examples: ['auth status', 'auth status --json'] },
  {
    name: 'auth whoami',
    text: 'Show what the platform says of the credential in use',
    flags: [jsonFlag, ...connectionFlags],
    examples: ['auth whoami', 'auth whoami --json'],
    run: async (flags, context) => {
      const { runWhoami } = await import('../commands/auth/whoami.ts')
      return await runWhoami(reading(flags), context)
    },
  },
  { ...status, name: 'status', examples: ['status', 'status --profile staging'] },
  {
    name: 'projects list',
    text: 'List the projects that the credential in use can reach',
    flags: [jsonFlag, ...connectionFlags],
    examples: ['projects list', 'projects list --json'],
    run: async (flags, context) => {
      const { runProjectsList } = await import('../commands/projects/list.ts')
      return await runProjectsList(reading(flags), context)
    },
  },
]
