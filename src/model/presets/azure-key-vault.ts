import { type Preset, parts, valueOf } from './preset.ts'

export const azureKeyVault = {
  text: 'A secret in Azure Key Vault. Runs `az`.',
  settings: {
    vault: { text: 'The name of the vault.', required: true },
    name: {
      text: 'The name of the secret: letters, digits and hyphens.',
      required: true,
      form: { pattern: /^[A-Za-z0-9-]{1,127}$/, words: 'letters, digits and hyphens' },
    },
  },
  caseless: true,
  readable: true,
  local: false,
  siblingSetting: 'name',
  place: ({ vault, name }) => parts(vault, name),
  program: 'az',
  install: 'Install the Azure CLI (https://learn.microsoft.com/cli/azure), and run `az login`.',
  probe: null,
  put: [
    settings => [
      ...[
        'keyvault',
        'secret',
        'set',
        '--vault-name',
        valueOf(settings, 'vault'),
        '--name',
        valueOf(settings, 'name'),
      ],
      ...['--file', '/dev/stdin', '--encoding', 'utf-8', '--output', 'none'],
    ],
  ],
  get: settings => [
    ...[
      'keyvault',
      'secret',
      'show',
      '--vault-name',
      valueOf(settings, 'vault'),
      '--name',
      valueOf(settings, 'name'),
    ],
    ...['--query', 'value', '--output', 'tsv'],
  ],
  remove: settings => [
    ...['keyvault', 'secret', 'delete', '--vault-name', valueOf(settings, 'vault')],
    ...['--name', valueOf(settings, 'name'), '--output', 'none'],
  ],
  absent: /\(SecretNotFound\)/,
} as const satisfies Preset
