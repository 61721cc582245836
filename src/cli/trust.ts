import { type Command, configurationFlag, connecting, connectionFlags, jsonFlag, logFlag } from './command.ts'

export const trust: readonly Command[] = [
  {
    name: 'verify',
    takes: '[key...]',
    text: 'Prove that every stored secret authenticates as the key it should be; each proof is a use of that key',
    flags: [
      configurationFlag,
      jsonFlag,
      { name: 'yes', text: 'Do not ask before more than 100 requests' },
      { name: 'parallelism', value: '<n>', text: 'How many secrets to prove at once (10)' },
      ...connectionFlags,
    ],
    examples: ['verify', 'verify ci-pipeline backup-service', 'verify --json --yes'],
    run: async (flags, context) => {
      const { runVerify } = await import('../commands/verify.ts')
      return await runVerify(
        {
          config: flags.list('config'),
          keys: flags.words,
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
]
