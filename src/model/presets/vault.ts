import { type Preset, type Settings, fieldForm, valueOf } from './preset.ts'

const vaultMount = ({ mount = 'secret' }: Settings) => `-mount=${mount}`

export const vault = {
  text: 'A secret of its own in HashiCorp Vault or OpenBao, version 2 of the key-value engine, written with check-and-set. Runs `vault`.',
  settings: {
    mount: { text: 'Where the engine is mounted: `secret` where nothing is said.' },
    path: { text: 'The path of the secret. The whole secret is written.', required: true },
    field: { text: 'The field in it: `value` where nothing is said.', form: fieldForm },
  },
  defaults: { mount: 'secret' },
  within: ['field'],
  readable: true,
  local: false,
  siblingSetting: 'path',
  place: ({ mount = 'secret', path = '', field = 'value' }) => `${mount}/${path} (${field})`,
  program: 'vault',
  install: 'Install Vault (https://developer.hashicorp.com/vault/install), set VAULT_ADDR, and log in.',
  probe: null,
  version: {
    arguments: settings => [
      ...['kv', 'metadata', 'get', vaultMount(settings)],
      ...['-format=json', valueOf(settings, 'path')],
    ],
    read: stdout =>
      String((JSON.parse(stdout) as { data: { current_version: number } }).data.current_version),
    absent: '0',
  },
  put: [
    ({ field = 'value', ...settings }, version) => [
      'kv',
      'put',
      vaultMount(settings),
      `-cas=${version}`,
      valueOf(settings, 'path'),
      `${field}=-`,
    ],
  ],
  get: ({ field = 'value', ...settings }) => [
    'kv',
    'get',
    vaultMount(settings),
    `-field=${field}`,
    valueOf(settings, 'path'),
  ],
  // `kv delete` would keep every version for `kv undelete`.
  remove: settings => ['kv', 'metadata', 'delete', vaultMount(settings), valueOf(settings, 'path')],
  absent: /No value found|not present in secret/i,
} as const satisfies Preset
