import { type Command, configurationFlag } from './command.ts'
import type { Flag } from './flags.ts'

const revealFlag: Flag = { name: 'reveal', text: 'Print it although standard output is a terminal' }

const variableFlag: Flag = {
  name: 'env',
  value: '<name>',
  text: 'The variable of the key without a name (FLUXLOOP_API_KEY)',
}

export const secrets: readonly Command[] = [
  {
    name: 'exec',
    takes: '<[name=]key...>',
    passes: '<command...>',
    text: 'Run a program with FLUXLOOP_API_KEY set to the delivered secret of a key, in its environment alone',
    flags: [configurationFlag, variableFlag],
    examples: [
      'exec ci-pipeline -- npm test',
      'exec ci-pipeline --env AGENT_KEY -- ./simulate --all',
      'exec CI_KEY=ci-pipeline BACKUP_KEY=backup-service -- make nightly',
    ],
    run: async (flags, context) => {
      const { runExec } = await import('../commands/exec.ts')
      return await runExec(
        {
          config: flags.list('config'),
          keys: flags.words,
          env: flags.list('env'),
          command: flags.passed,
        },
        context,
      )
    },
  },
  {
    name: 'env',
    takes: '<[name=]key...>',
    text: 'Print lines that set FLUXLOOP_API_KEY to the delivered secret of a key, for eval, a dotenv file or $GITHUB_ENV',
    flags: [
      configurationFlag,
      variableFlag,
      {
        name: 'format',
        value: '<sh|fish|powershell|dotenv|github-env|json>',
        text: 'Who will read the lines (sh)',
      },
      revealFlag,
    ],
    examples: [
      'env ci-pipeline --format dotenv >.env',
      'env CI_KEY=ci-pipeline BACKUP_KEY=backup-service --format fish | source',
      'env ci-pipeline --format github-env >>"$GITHUB_ENV"',
    ],
    run: async (flags, context) => {
      const { runEnv } = await import('../commands/env.ts')
      return await runEnv(
        {
          config: flags.list('config'),
          keys: flags.words,
          env: flags.list('env'),
          format: flags.text('format'),
          reveal: flags.on('reveal'),
        },
        context,
      )
    },
  },
  {
    name: 'secret get',
    takes: '<key>',
    text: 'Print the delivered secret of a key of the configuration, from its stores',
    flags: [configurationFlag, revealFlag],
    examples: ['secret get ci-pipeline | pbcopy', 'secret get ci-pipeline --reveal'],
    run: async (flags, context) => {
      const { runSecretGet } = await import('../commands/secret/get.ts')
      const [key = ''] = flags.words
      return await runSecretGet({ config: flags.list('config'), key, reveal: flags.on('reveal') }, context)
    },
  },
  {
    name: 'secret copy',
    takes: '<key>',
    text: 'Put the delivered secret of a key on the clipboard, and clear it after 45 s',
    flags: [
      configurationFlag,
      { name: 'clear-after', value: '<time>', text: 'How long it stays there: 10s, 2m (45s)' },
    ],
    examples: ['secret copy ci-pipeline', 'secret copy ci-pipeline --clear-after 10s'],
    run: async (flags, context) => {
      const { runSecretCopy } = await import('../commands/secret/copy.ts')
      const [key = ''] = flags.words
      return await runSecretCopy(
        { config: flags.list('config'), key, clearAfter: flags.text('clear-after') },
        context,
      )
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
