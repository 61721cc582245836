import { type Command, configurationFlag, connecting, connectionFlags, jsonFlag } from './command.ts'

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
]
