import { type Preset, option, parts, valueOf } from './preset.ts'

export const gcpSecretManager = {
  text: 'A secret in Google Cloud Secret Manager. Runs `gcloud`.',
  settings: {
    name: {
      text: 'The name of the secret: letters, digits, hyphens and underscores.',
      required: true,
      form: { pattern: /^[A-Za-z0-9_-]{1,255}$/, words: 'letters, digits, hyphens and underscores' },
    },
    project: { text: 'The project; that of the configuration of gcloud where nothing is said.' },
  },
  readable: true,
  local: false,
  siblingSetting: 'name',
  place: ({ name, project }) => parts(project, name),
  program: 'gcloud',
  install: 'Install the Google Cloud CLI (https://cloud.google.com/sdk), and run `gcloud auth login`.',
  probe: null,
  put: [
    settings => [
      ...['secrets', 'versions', 'add', valueOf(settings, 'name')],
      ...['--data-file=-', ...option('--project', settings['project']), '--quiet'],
    ],
    settings => [
      ...['secrets', 'create', valueOf(settings, 'name'), '--replication-policy=automatic'],
      ...['--data-file=-', ...option('--project', settings['project']), '--quiet'],
    ],
  ],
  get: settings => [
    ...['secrets', 'versions', 'access', 'latest', `--secret=${valueOf(settings, 'name')}`],
    ...option('--project', settings['project']),
  ],
  remove: settings => [
    ...['secrets', 'delete', valueOf(settings, 'name')],
    ...[...option('--project', settings['project']), '--quiet'],
  ],
  absent: /NOT_FOUND: Secret (?:Version )?\[/,
} as const satisfies Preset
