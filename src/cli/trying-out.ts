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
    ],
    examples: ['sandbox', 'sandbox --port 0 --json', 'sandbox --database sandbox.db'],
    run: async (flags, context) => {
      const { runSandbox } = await import('../commands/sandbox.ts')
      return await runSandbox(
        { json: flags.on('json'), port: flags.count('port') ?? 8787, database: flags.text('database') },
        context,
      )
    },
  },
]
