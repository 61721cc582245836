import { type Command, configurationFlag } from './command.ts'

export const secrets: readonly Command[] = [
  {
    name: 'secret get',
    takes: '<key>',
    text: 'Print the delivered secret of a key of the configuration, from its stores',
    flags: [configurationFlag, { name: 'reveal', text: 'Print it although standard output is a terminal' }],
    examples: ['secret get ci-pipeline | pbcopy', 'secret get ci-pipeline --reveal'],
    run: async (flags, context) => {
      const { runSecretGet } = await import('../commands/secret/get.ts')
      const [key = ''] = flags.words
      return await runSecretGet({ config: flags.list('config'), key, reveal: flags.on('reveal') }, context)
    },
  },
  {
    name: 'completion',
    takes: '<bash|zsh|fish>',
    text: 'Print the script that completes commands, flags and key ids in your shell',
    flags: [],
    examples: ['completion bash', 'completion zsh', 'completion fish'],
    run: async (flags, context) => {
      const { runCompletion } = await import('../commands/completion/print.ts')
      const [shell = ''] = flags.words
      return runCompletion({ shell }, context)
    },
  },
]
