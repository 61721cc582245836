import { type Preset, type Settings, parts, valueOf, variable } from './preset.ts'

const inConfig = ({ project = '', config = '' }: Settings) => ['--project', project, '--config', config]

export const doppler = {
  text: 'A secret in Doppler. Runs `doppler`.',
  settings: {
    project: { text: 'The name of the project.', required: true },
    config: { text: 'The config, such as `prd`.', required: true },
    name: variable,
  },
  readable: true,
  local: false,
  siblingSetting: 'name',
  place: ({ project, config, name }) => parts(project, config, `(${name ?? ''})`),
  program: 'doppler',
  install: 'Install the Doppler CLI (https://docs.doppler.com/docs/cli), and run `doppler login`.',
  probe: null,
  put: [
    settings => [
      'secrets',
      'set',
      valueOf(settings, 'name'),
      ...inConfig(settings),
      '--no-interactive',
      '--silent',
    ],
  ],
  get: settings => ['secrets', 'get', valueOf(settings, 'name'), '--plain', ...inConfig(settings)],
  remove: settings => [
    'secrets',
    'delete',
    valueOf(settings, 'name'),
    '--yes',
    '--silent',
    ...inConfig(settings),
  ],
  absent: /could not find requested secret/i,
} as const satisfies Preset
