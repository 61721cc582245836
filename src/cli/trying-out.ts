import { type Command, defineCommand } from './command.ts'
import { choice, countOr, text } from './flags.ts'
import { json } from './shared-flags.ts'

const group = 'trying out'

export const tryingOut: readonly Command[] = [
  defineCommand({
    name: 'sandbox',
    group,
    summary: 'Serve a complete platform in a box on loopback',
    flags: {
      json,
      port: countOr(8787, '<n>', 'The port; 0 picks a free one'),
      database: text('<path>', 'Keep its keys in this file; without it they end with the process'),
      seed: choice(
        '<name>',
        ['reference'],
        "Begin with keys that have a past: those of the platform's page on API keys",
      ),
      rateLimit: text('<n/period>', 'Answer 429 to more requests of one key than this: 1000/h, 20/2s'),
    },
    examples: [
      'sandbox',
      'sandbox --port 0 --json',
      'sandbox --database sandbox.db',
      'sandbox --seed reference',
      'sandbox --rate-limit 1000/h',
    ],
    run: async ({ flags }, context) => {
      const { runSandbox } = await import('../commands/sandbox-command.ts')
      return await runSandbox(flags, context)
    },
  }),
  defineCommand({
    name: 'schema',
    group,
    summary: 'Print the JSON Schema of the configuration',
    about: ['Editors complete from it, and check what you write.'],
    flags: {},
    examples: ['schema >fluxloop-keys.schema.json'],
    run: async (_given, context) => {
      const { runSchema } = await import('../commands/schema-command.ts')
      return runSchema(context)
    },
  }),
  defineCommand({
    name: 'completion',
    group,
    takes: '<bash|zsh|fish>',
    summary: 'Print the script that completes words in your shell',
    flags: {},
    examples: ['completion bash', 'completion zsh', 'completion fish'],
    run: async ({ argument: shell }, context) => {
      const { runCompletion } = await import('../commands/completion/completion-command.ts')
      return runCompletion({ shell }, context)
    },
  }),
]
