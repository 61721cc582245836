/** What a setting of a preset may be. */
interface Setting {
  readonly text: string
  readonly required?: boolean
  /** It names a variable: placeholders are filled in with capitals and underscores. */
  readonly variable?: boolean
  readonly values?: readonly string[]
}

type Settings = Readonly<Record<string, string>>

interface Preset {
  readonly text: string
  readonly settings: Readonly<Record<string, Setting>>
  /** At least one of them has to be there. */
  readonly oneOf?: readonly string[]
  readonly readable: boolean
  /** Does it belong to one person's machine? */
  readonly local: boolean
  /** The setting that another place beside it differs in. */
  readonly beside: string
  /** Settings that do not make another place: the whole is written at once. */
  readonly within?: readonly string[]
  /** Where it puts the secret, in words. */
  readonly place: (settings: Settings) => string
}

function parts(...all: readonly (string | undefined)[]): string {
  return all.filter(part => part !== undefined).join(' ')
}

const variable = { text: 'The name of the variable.', required: true, variable: true } as const

/** Stores that are the official command-line tools of other services; what they run stands in `stores/presets.ts`. */
export const presets = {
  'github-actions': {
    text: 'A secret of GitHub Actions: of a repository, of one of its environments, or of an organisation. Runs `gh`.',
    settings: {
      repo: { text: 'The repository, as OWNER/REPO or HOST/OWNER/REPO.' },
      environment: { text: 'The deployment environment of the repository.' },
      org: { text: 'The organisation, in place of a repository.' },
      visibility: {
        text: "Which of the organisation's repositories may use it: all or private (the default).",
        values: ['all', 'private'],
      },
      name: variable,
    },
    oneOf: ['repo', 'org'],
    readable: false,
    local: false,
    beside: 'name',
    place: ({ repo, org, environment, name }) =>
      parts(repo ?? `organisation ${org ?? ''}`, environment, `(${name ?? ''})`),
  },
  'gitlab-ci': {
    text: 'A masked CI/CD variable of GitLab: of a project or of a group. Runs `glab`.',
    settings: {
      project: { text: 'The project, as GROUP/PROJECT.' },
      group: { text: 'The group, in place of a project.' },
      scope: { text: 'The environment scope of the variable; all environments where nothing is said.' },
      name: variable,
    },
    oneOf: ['project', 'group'],
    readable: true,
    local: false,
    beside: 'name',
    place: ({ project, group, scope, name }) =>
      parts(project ?? `group ${group ?? ''}`, scope, `(${name ?? ''})`),
  },
  vault: {
    text: 'A secret of its own in HashiCorp Vault or OpenBao, version 2 of the key-value engine, written with check-and-set. Runs `vault`.',
    settings: {
      mount: { text: 'Where the engine is mounted: `secret` where nothing is said.' },
      path: { text: 'The path of the secret. The whole secret is written.', required: true },
      field: { text: 'The field in it: `value` where nothing is said.' },
    },
    within: ['field'],
    readable: true,
    local: false,
    beside: 'path',
    place: ({ mount = 'secret', path = '', field = 'value' }) => `${mount}/${path} (${field})`,
  },
  'aws-secrets-manager': {
    text: 'A secret in AWS Secrets Manager. Runs `aws`.',
    settings: {
      name: { text: 'The name of the secret, or its ARN.', required: true },
      region: { text: 'The region; that of the environment where nothing is said.' },
      profile: { text: 'The profile of the AWS configuration.' },
    },
    readable: true,
    local: false,
    beside: 'name',
    place: ({ name, region }) => parts(name, region),
  },
  'gcp-secret-manager': {
    text: 'A secret in Google Cloud Secret Manager. Runs `gcloud`.',
    settings: {
      name: { text: 'The name of the secret.', required: true },
      project: { text: 'The project; that of the configuration of gcloud where nothing is said.' },
    },
    readable: true,
    local: false,
    beside: 'name',
    place: ({ name, project }) => parts(project, name),
  },
  'azure-key-vault': {
    text: 'A secret in Azure Key Vault. Runs `az`.',
    settings: {
      vault: { text: 'The name of the vault.', required: true },
      name: { text: 'The name of the secret: letters, digits and hyphens.', required: true },
    },
    readable: true,
    local: false,
    beside: 'name',
    place: ({ vault, name }) => parts(vault, name),
  },
  kubernetes: {
    text: 'One field of a Secret in Kubernetes, by server-side apply: its other fields stay as they are. Runs `kubectl`.',
    settings: {
      namespace: { text: 'The namespace of the Secret.', required: true },
      secret: { text: 'The name of the Secret.', required: true },
      name: { ...variable, text: 'The field in it.' },
      context: { text: 'The context of the kubeconfig; the current one where nothing is said.' },
    },
    readable: true,
    local: false,
    beside: 'name',
    place: ({ context, namespace, secret, name }) =>
      parts(context, `${namespace ?? ''}/${secret ?? ''}`, `(${name ?? ''})`),
  },
  '1password': {
    text: 'An item of its own in 1Password. Runs `op`.',
    settings: {
      vault: { text: 'The name of the vault.', required: true },
      item: { text: 'The title of the item.', required: true },
    },
    readable: true,
    local: false,
    beside: 'item',
    place: ({ vault, item }) => `${vault ?? ''}/${item ?? ''}`,
  },
  pass: {
    text: 'An entry of the standard Unix password manager on this machine. Runs `pass`.',
    settings: { path: { text: 'The name of the entry.', required: true } },
    readable: true,
    local: true,
    beside: 'path',
    place: ({ path }) => path ?? '',
  },
  doppler: {
    text: 'A secret in Doppler. Runs `doppler`.',
    settings: {
      project: { text: 'The name of the project.', required: true },
      config: { text: 'The config, such as `prd`.', required: true },
      name: variable,
    },
    readable: true,
    local: false,
    beside: 'name',
    place: ({ project, config, name }) => parts(project, config, `(${name ?? ''})`),
  },
} as const satisfies Readonly<Record<string, Preset>>

export type PresetName = keyof typeof presets

export const presetNames = Object.keys(presets) as readonly PresetName[]

/** The same table, to look at without knowing which preset it is. */
export function presetOf(name: PresetName): Preset {
  return presets[name]
}
