import { type Preset, type Settings, option, parts, valueOf } from './preset.ts'

const aws = ({ region, profile }: Settings) => [
  ...option('--region', region),
  ...option('--profile', profile),
]

export const awsSecretsManager = {
  text: 'A secret in AWS Secrets Manager. Runs `aws`.',
  settings: {
    name: { text: 'The name of the secret, or its ARN.', required: true },
    region: { text: 'The region; that of the environment where nothing is said.' },
    profile: { text: 'The profile of the AWS configuration.' },
  },
  readable: true,
  local: false,
  siblingSetting: 'name',
  place: ({ name, region }) => parts(name, region),
  program: 'aws',
  install: 'Install the AWS CLI (https://aws.amazon.com/cli), and give it credentials.',
  probe: null,
  put: [
    settings => [
      ...['secretsmanager', 'put-secret-value', '--secret-id', valueOf(settings, 'name')],
      ...['--secret-string', 'file:///dev/stdin', ...aws(settings)],
    ],
    settings => [
      ...['secretsmanager', 'create-secret', '--name', valueOf(settings, 'name')],
      ...['--secret-string', 'file:///dev/stdin', ...aws(settings)],
    ],
  ],
  get: settings => [
    ...['secretsmanager', 'get-secret-value', '--secret-id', valueOf(settings, 'name')],
    ...['--query', 'SecretString', '--output', 'text', ...aws(settings)],
  ],
  remove: settings => [
    ...['secretsmanager', 'delete-secret', '--secret-id', valueOf(settings, 'name')],
    ...['--force-delete-without-recovery', ...aws(settings)],
  ],
  absent: /\(ResourceNotFoundException\)/,
} as const satisfies Preset
