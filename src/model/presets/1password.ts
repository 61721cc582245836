import { type Preset, type Settings, valueOf } from './preset.ts'

const item = (secret: string, settings: Settings) =>
  JSON.stringify({
    title: settings['item'],
    category: 'API_CREDENTIAL',
    fields: [{ id: 'credential', type: 'CONCEALED', label: 'credential', value: secret }],
  })

export const onePassword = {
  text: 'An item of its own in 1Password. Runs `op`.',
  settings: {
    vault: { text: 'The name of the vault.', required: true },
    item: { text: 'The title of the item.', required: true },
  },
  readable: true,
  local: false,
  siblingSetting: 'item',
  place: ({ vault, item }) => `${vault ?? ''}/${item ?? ''}`,
  program: 'op',
  install: 'Install the 1Password CLI (https://developer.1password.com/docs/cli), and sign in.',
  probe: null,
  put: [
    settings => ['item', 'edit', valueOf(settings, 'item'), '--vault', valueOf(settings, 'vault')],
    settings => ['item', 'create', '--vault', valueOf(settings, 'vault'), '-'],
  ],
  input: item,
  get: settings => [
    'read',
    '--no-newline',
    `op://${valueOf(settings, 'vault')}/${valueOf(settings, 'item')}/credential`,
  ],
  remove: settings => ['item', 'delete', valueOf(settings, 'item'), '--vault', valueOf(settings, 'vault')],
  absent: /isn't an item|could not find item/i,
} as const satisfies Preset
