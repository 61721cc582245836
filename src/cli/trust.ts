import {
  type Command,
  allowPathFlag,
  configurationFlag,
  connecting,
  connectionFlags,
  jsonFlag,
  logFlag,
} from './command.ts'

export const trust: readonly Command[] = [
  {
    name: 'verify',
    takes: '[key...]',
    text: 'Check that every stored secret is that of the key it should be',
    flags: [
      configurationFlag,
      jsonFlag,
      { name: 'prove', text: 'Ask the platform with every secret, which is a use of its key' },
      { name: 'yes', text: 'Do not ask before more than 100 requests' },
      { name: 'parallelism', value: '<n>', text: 'How many secrets to prove at once (10)' },
      ...connectionFlags,
    ],
    examples: ['verify', 'verify ci-pipeline backup-service', 'verify --prove --json --yes'],
    run: async (flags, context) => {
      const { runVerify } = await import('../commands/verify.ts')
      return await runVerify(
        {
          config: flags.list('config'),
          keys: flags.words,
          prove: flags.on('prove'),
          json: flags.on('json'),
          yes: flags.on('yes'),
          parallelism: flags.count('parallelism') ?? 10,
          ...connecting(flags),
        },
        context,
      )
    },
  },
  {
    name: 'calendar',
    text: 'Show what rotates, retires and expires in the days to come, and why',
    flags: [
      configurationFlag,
      jsonFlag,
      { name: 'days', value: '<n>', text: 'How many days ahead, at most 366 (90)' },
      ...connectionFlags,
    ],
    examples: ['calendar', 'calendar --days 14', 'calendar --json'],
    run: async (flags, context) => {
      const { runCalendar } = await import('../commands/calendar.ts')
      return await runCalendar(
        {
          config: flags.list('config'),
          json: flags.on('json'),
          days: flags.count('days') ?? 90,
          ...connecting(flags),
        },
        context,
      )
    },
  },
  {
    name: 'history',
    text: 'Show what a log holds: what was done to which key, when, why and by whom',
    flags: [
      { ...logFlag, text: 'The log to read (FLUXLOOP_KEYS_LOG)' },
      { name: 'key', value: '<key>', text: 'Only this key, by its key id or by the id of a live key' },
      jsonFlag,
    ],
    examples: ['history --log keys.log', 'history --key ci-pipeline --json'],
    run: async (flags, context) => {
      const { runHistory } = await import('../commands/history.ts')
      return await runHistory(
        { log: flags.text('log'), key: flags.text('key'), json: flags.on('json') },
        context,
      )
    },
  },
  {
    name: 'doctor',
    text: 'Try all that a run needs: Node, credentials, platform, clock, permissions, and every store for real',
    flags: [configurationFlag, jsonFlag, allowPathFlag, ...connectionFlags],
    examples: ['doctor', 'doctor --json', 'doctor --staging'],
    run: async (flags, context) => {
      const { runDoctor } = await import('../commands/doctor.ts')
      return await runDoctor(
        {
          config: flags.list('config'),
          json: flags.on('json'),
          allowPath: flags.list('allow-path'),
          ...connecting(flags),
        },
        context,
      )
    },
  },
  {
    name: 'import',
    takes: '[pattern...]',
    text: 'Write declarations of live keys, by id or name, such that the first plan only adopts them',
    flags: [
      configurationFlag,
      { name: 'all', text: 'Every key that nobody manages' },
      {
        name: 'out',
        value: '<file>',
        text: 'The file to add them to; the configuration where nothing is said',
      },
      { name: 'stack', value: '<name>', text: 'The stack of a new configuration' },
      { name: 'write', text: 'Do not ask before writing' },
      ...connectionFlags,
    ],
    examples: [
      'import',
      'import --all --stack acme-agents',
      'import "CI *" key_abc123 --out keys/ci.yaml --write',
    ],
    run: async (flags, context) => {
      const { runImport } = await import('../commands/import.ts')
      return await runImport(
        {
          config: flags.list('config'),
          patterns: flags.words,
          all: flags.on('all'),
          out: flags.text('out'),
          stack: flags.text('stack'),
          write: flags.on('write'),
          ...connecting(flags),
        },
        context,
      )
    },
  },
]
