import { type Command, jsonFlag } from './command.ts'

export const tryingOut: readonly Command[] = [
  {
    name: 'sandbox',
    text: 'Serve a complete platform in a box on loopback, for trying out and for tests',
    flags: [
      jsonFlag,
      { name: 'port', value: '<n>', text: 'The port; 0 picks a free one (8787)' },
      {
        name: 'database',
        value: '<path>',
        text: 'Keep its keys in this file; without it they end with the process',
      },
      {
        name: 'seed',
        value: '<name>',
        text: "Begin with keys that have a past; `reference` has those of the platform's page on API keys",
      },
      {
        name: 'rate-limit',
        value: '<n/period>',
        text: 'Answer 429 to more requests of one key than this: 1000/h, 20/2s',
      },
    ],
    examples: [
      'sandbox',
      'sandbox --port 0 --json',
      'sandbox --database sandbox.db',
      'sandbox --seed reference',
      'sandbox --rate-limit 1000/h',
    ],
    run: async (flags, context) => {
      const { runSandbox } = await import('../commands/sandbox.ts')
      return await runSandbox(
        {
          json: flags.on('json'),
          port: flags.count('port') ?? 8787,
          database: flags.text('database'),
          seed: flags.text('seed'),
          rateLimit: flags.text('rate-limit'),
        },
        context,
      )
    },
  },
]
