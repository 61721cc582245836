import type { PresetName } from '../model/preset.ts'
import { shellWord } from '../render/text/shell-word.ts'
import type { PresetProgram, Settings } from './preset-program.ts'

function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value]
}

const s = (settings: Settings, name: string) => settings[name] ?? ''

function github({ repo, org, environment }: Settings): readonly string[] {
  return [...option('--repo', repo), ...option('--org', org), ...option('--env', environment)]
}

function gitlab({ project, group, scope }: Settings): readonly string[] {
  return [...option('--repo', project), ...option('--group', group), ...option('--scope', scope)]
}

const vaultMount = ({ mount = 'secret' }: Settings) => `-mount=${mount}`

const aws = ({ region, profile }: Settings) => [
  ...option('--region', region),
  ...option('--profile', profile),
]

const kubectl = (settings: Settings) => [
  ...option('--context', settings['context']),
  '--namespace',
  s(settings, 'namespace'),
]

/** Server-side apply owns the fields that it names, so without `data` it takes ours out again and no others. */
function manifest({ secret = '', namespace = '' }: Settings, data: Record<string, string>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret, namespace },
    type: 'Opaque',
    data,
  })
}

const serverSideApply = (settings: Settings) => [
  'apply',
  '--server-side',
  // One manager a field: two keys in one Secret do not take each other's field out.
  `--field-manager=fluxloop-keys.${s(settings, 'name')}`,
  // What we write is checked by the server: no need to fetch its schemas first.
  '--validate=false',
  ...kubectl(settings),
  '--filename=-',
]

const commandLine = (...words: readonly string[]) => words.map(shellWord).join(' ')

const item = (secret: string, settings: Settings) =>
  JSON.stringify({
    title: settings['item'],
    category: 'API_CREDENTIAL',
    fields: [{ id: 'credential', type: 'CONCEALED', label: 'credential', value: secret }],
  })

const doppler = ({ project = '', config = '' }: Settings) => ['--project', project, '--config', config]

/**
 * Every tool reads the secret from its standard input (`/dev/stdin` where it only takes a file's name). Arguments as the
 * tools' own manuals have them.
 */
export const presetPrograms: Readonly<Record<PresetName, PresetProgram>> = {
  'github-actions': {
    program: 'gh',
    install: 'Install the GitHub CLI (https://cli.github.com), and run `gh auth login` or set GH_TOKEN.',
    probe: settings => ['secret', 'list', ...github(settings)],
    put: [
      settings => [
        'secret',
        'set',
        s(settings, 'name'),
        ...github(settings),
        ...option('--visibility', settings['visibility']),
        ...option('--repos', settings['repos']),
      ],
    ],
    get: null,
    remove: settings => ['secret', 'delete', s(settings, 'name'), ...github(settings)],
    absent: /HTTP 404/,
    list: settings => ['secret', 'list', ...github(settings)],
  },
  'gitlab-ci': {
    program: 'glab',
    install:
      'Install the GitLab CLI (https://gitlab.com/gitlab-org/cli), and run `glab auth login` or set GITLAB_TOKEN.',
    probe: null,
    put: ['update', 'set'].map(verb => (settings: Settings) => [
      'variable',
      verb,
      s(settings, 'name'),
      '--masked',
      '--raw',
      // `update` takes it away where it is not said.
      ...(settings['protected'] === 'true' ? ['--protected'] : []),
      ...gitlab(settings),
    ]),
    get: settings => ['variable', 'get', s(settings, 'name'), ...gitlab(settings)],
    remove: settings => ['variable', 'delete', s(settings, 'name'), ...gitlab(settings)],
    absent: /404 (?:(?:Group)?Variable )?Not Found/,
    list: ({ project, group }) => [
      'variable',
      'list',
      ...option('--repo', project),
      ...option('--group', group),
    ],
  },
  vault: {
    program: 'vault',
    install: 'Install Vault (https://developer.hashicorp.com/vault/install), set VAULT_ADDR, and log in.',
    probe: null,
    version: {
      arguments: settings => [
        ...['kv', 'metadata', 'get', vaultMount(settings)],
        ...['-format=json', s(settings, 'path')],
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
        s(settings, 'path'),
        `${field}=-`,
      ],
    ],
    get: ({ field = 'value', ...settings }) => [
      'kv',
      'get',
      vaultMount(settings),
      `-field=${field}`,
      s(settings, 'path'),
    ],
    // `kv delete` would keep every version for `kv undelete`.
    remove: settings => ['kv', 'metadata', 'delete', vaultMount(settings), s(settings, 'path')],
    absent: /No value found|not present in secret/i,
  },
  'aws-secrets-manager': {
    program: 'aws',
    install: 'Install the AWS CLI (https://aws.amazon.com/cli), and give it credentials.',
    probe: null,
    put: [
      settings => [
        ...['secretsmanager', 'put-secret-value', '--secret-id', s(settings, 'name')],
        ...['--secret-string', 'file:///dev/stdin', ...aws(settings)],
      ],
      settings => [
        ...['secretsmanager', 'create-secret', '--name', s(settings, 'name')],
        ...['--secret-string', 'file:///dev/stdin', ...aws(settings)],
      ],
    ],
    get: settings => [
      ...['secretsmanager', 'get-secret-value', '--secret-id', s(settings, 'name')],
      ...['--query', 'SecretString', '--output', 'text', ...aws(settings)],
    ],
    remove: settings => [
      ...['secretsmanager', 'delete-secret', '--secret-id', s(settings, 'name')],
      ...['--force-delete-without-recovery', ...aws(settings)],
    ],
    absent: /\(ResourceNotFoundException\)/,
  },
  'gcp-secret-manager': {
    program: 'gcloud',
    install: 'Install the Google Cloud CLI (https://cloud.google.com/sdk), and run `gcloud auth login`.',
    probe: null,
    put: [
      settings => [
        ...['secrets', 'versions', 'add', s(settings, 'name')],
        ...['--data-file=-', ...option('--project', settings['project']), '--quiet'],
      ],
      settings => [
        ...['secrets', 'create', s(settings, 'name'), '--replication-policy=automatic'],
        ...['--data-file=-', ...option('--project', settings['project']), '--quiet'],
      ],
    ],
    get: settings => [
      ...['secrets', 'versions', 'access', 'latest', `--secret=${s(settings, 'name')}`],
      ...option('--project', settings['project']),
    ],
    remove: settings => [
      ...['secrets', 'delete', s(settings, 'name')],
      ...[...option('--project', settings['project']), '--quiet'],
    ],
    absent: /NOT_FOUND: Secret (?:Version )?\[/,
  },
  'azure-key-vault': {
    program: 'az',
    install: 'Install the Azure CLI (https://learn.microsoft.com/cli/azure), and run `az login`.',
    probe: null,
    put: [
      settings => [
        ...['keyvault', 'secret', 'set', '--vault-name', s(settings, 'vault'), '--name', s(settings, 'name')],
        ...['--file', '/dev/stdin', '--encoding', 'utf-8', '--output', 'none'],
      ],
    ],
    get: settings => [
      ...['keyvault', 'secret', 'show', '--vault-name', s(settings, 'vault'), '--name', s(settings, 'name')],
      ...['--query', 'value', '--output', 'tsv'],
    ],
    remove: settings => [
      ...['keyvault', 'secret', 'delete', '--vault-name', s(settings, 'vault')],
      ...['--name', s(settings, 'name'), '--output', 'none'],
    ],
    absent: /\(SecretNotFound\)/,
  },
  kubernetes: {
    program: 'kubectl',
    install:
      'Install kubectl (https://kubernetes.io/docs/tasks/tools), and a kubeconfig whose user may get, create and patch Secrets there.',
    probe: settings => [
      ...['auth', 'can-i', 'patch', `secrets/${s(settings, 'secret')}`, '--quiet'],
      ...kubectl(settings),
    ],
    put: [serverSideApply],
    input: (secret, settings) =>
      manifest(settings, { [s(settings, 'name')]: Buffer.from(secret).toString('base64') }),
    get: settings => [
      ...['get', 'secret', s(settings, 'secret'), ...kubectl(settings), '--ignore-not-found'],
      // A Secret may lack the field, and may lack `data` when it has no field at all.
      `--output=go-template={{with .data}}{{with index . ${JSON.stringify(s(settings, 'name'))}}}{{.}}{{end}}{{end}}`,
    ],
    output: stdout => Buffer.from(stdout.trim(), 'base64').toString('utf8'),
    remove: serverSideApply,
    removeInput: settings => manifest(settings, {}),
    absent: /\(NotFound\): (?:namespaces|secrets) "/,
    remedies: settings => [
      {
        said: /Apply failed with \d+ conflict/,
        hint: `The manager that it names owns this field. Take the field out of what that manager applies, then out of the Secret, and run this again: ${commandLine(
          ...['kubectl', 'patch', 'secret', s(settings, 'secret'), ...kubectl(settings), '--type=json'],
          `--patch=[{"op":"remove","path":"/data/${s(settings, 'name')}"}]`,
        )}`,
      },
    ],
  },
  '1password': {
    program: 'op',
    install: 'Install the 1Password CLI (https://developer.1password.com/docs/cli), and sign in.',
    probe: null,
    put: [
      settings => ['item', 'edit', s(settings, 'item'), '--vault', s(settings, 'vault')],
      settings => ['item', 'create', '--vault', s(settings, 'vault'), '-'],
    ],
    input: item,
    get: settings => [
      'read',
      '--no-newline',
      `op://${s(settings, 'vault')}/${s(settings, 'item')}/credential`,
    ],
    remove: settings => ['item', 'delete', s(settings, 'item'), '--vault', s(settings, 'vault')],
    absent: /isn't an item|could not find item/i,
  },
  pass: {
    program: 'pass',
    install:
      'Install pass (https://www.passwordstore.org) and gpg, and run `pass init` with the id of a gpg key.',
    probe: null,
    put: [settings => ['insert', '--multiline', '--force', s(settings, 'path')]],
    get: settings => ['show', s(settings, 'path')],
    remove: settings => ['rm', '--force', s(settings, 'path')],
    absent: /is not in the password store/,
    // It says so of everything where the store itself is not there: in a home that is not mounted, say.
    list: () => ['ls'],
  },
  doppler: {
    program: 'doppler',
    install: 'Install the Doppler CLI (https://docs.doppler.com/docs/cli), and run `doppler login`.',
    probe: null,
    put: [
      settings => [
        'secrets',
        'set',
        s(settings, 'name'),
        ...doppler(settings),
        '--no-interactive',
        '--silent',
      ],
    ],
    get: settings => ['secrets', 'get', s(settings, 'name'), '--plain', ...doppler(settings)],
    remove: settings => ['secrets', 'delete', s(settings, 'name'), '--yes', '--silent', ...doppler(settings)],
    absent: /could not find requested secret/i,
  },
}
