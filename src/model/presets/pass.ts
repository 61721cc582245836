import { type Preset, valueOf } from './preset.ts'

export const pass = {
  text: 'An entry of the standard Unix password manager on this machine. Runs `pass`.',
  settings: { path: { text: 'The name of the entry.', required: true } },
  readable: true,
  local: true,
  siblingSetting: 'path',
  place: ({ path }) => path ?? '',
  program: 'pass',
  install:
    'Install pass (https://www.passwordstore.org) and gpg, and run `pass init` with the id of a gpg key.',
  probe: null,
  put: [settings => ['insert', '--multiline', '--force', valueOf(settings, 'path')]],
  get: settings => ['show', valueOf(settings, 'path')],
  remove: settings => ['rm', '--force', valueOf(settings, 'path')],
  absent: /is not in the password store/,
  // pass says this of everything where the store itself is not there: in a home that is not mounted, say.
  list: () => ['ls'],
} as const satisfies Preset
