import { type Command, defineCommand } from './command.ts'
import { choice, list, text, toggle } from './flags.ts'
import { config } from './shared-flags.ts'

const group = 'secrets'

const reveal = toggle('Print it although standard output is a terminal')
const env = list('<name>', 'The variable of the key without a name (default FLUXLOOP_API_KEY)')

export const secrets: readonly Command[] = [
  defineCommand({
    name: 'secret get',
    group,
    takes: '<key>',
    summary: 'Print the delivered secret of a key, from its stores',
    flags: { config, reveal },
    examples: ['secret get ci-pipeline | pbcopy', 'secret get ci-pipeline --reveal'],
    run: async ({ flags, argument: key }, context) => {
      const { runSecretGet } = await import('../commands/secret/secret-get-command.ts')
      return await runSecretGet({ ...flags, key }, context)
    },
  }),
  defineCommand({
    name: 'secret copy',
    group,
    takes: '<key>',
    summary: 'Put the delivered secret of a key on the clipboard',
    flags: { config, clearAfter: text('<time>', 'How long it stays there: 10s, 2m (default 45s)') },
    examples: ['secret copy ci-pipeline', 'secret copy ci-pipeline --clear-after 10s'],
    run: async ({ flags, argument: key }, context) => {
      const { runSecretCopy } = await import('../commands/secret/secret-copy-command.ts')
      return await runSecretCopy({ ...flags, key }, context)
    },
  }),
  defineCommand({
    name: 'exec',
    group,
    takes: '<[name=]key...>',
    passes: '<command...>',
    summary: 'Run a program with the secret of a key in its environment',
    about: [
      'The variable is FLUXLOOP_API_KEY, or NAME of NAME=KEY, in the environment of that program alone.',
    ],
    flags: { config, env },
    examples: [
      'exec ci-pipeline -- npm test',
      'exec ci-pipeline --env AGENT_KEY -- ./simulate --all',
      'exec CI_KEY=ci-pipeline BACKUP_KEY=backup-service -- make nightly',
    ],
    run: async ({ flags, argument: keys, passed: command }, context) => {
      const { runExec } = await import('../commands/exec-command.ts')
      return await runExec({ ...flags, keys, command }, context)
    },
  }),
  defineCommand({
    name: 'env',
    group,
    takes: '<[name=]key...>',
    summary: 'Print lines that set a variable to the secret of a key',
    about: ['For eval, a dotenv file or $GITHUB_ENV. The variable is FLUXLOOP_API_KEY, or NAME of NAME=KEY.'],
    flags: {
      config,
      format: choice(
        '<format>',
        ['sh', 'fish', 'powershell', 'dotenv', 'github-env', 'json'],
        'Who will read the lines (default sh)',
        {
          meant: {
            bash: 'sh',
            zsh: 'sh',
            ksh: 'sh',
            dash: 'sh',
            posix: 'sh',
            pwsh: 'powershell',
            ps1: 'powershell',
            env: 'dotenv',
            github: 'github-env',
          },
        },
      ),
      env,
      reveal,
    },
    examples: [
      'env ci-pipeline --format dotenv >.env',
      'env CI_KEY=ci-pipeline BACKUP_KEY=backup-service --format fish | source',
      'env ci-pipeline --format github-env >>"$GITHUB_ENV"',
    ],
    run: async ({ flags, argument: keys }, context) => {
      const { runEnv } = await import('../commands/env-command.ts')
      return await runEnv({ ...flags, keys, format: flags.format ?? 'sh' }, context)
    },
  }),
]
