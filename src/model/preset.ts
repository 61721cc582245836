/** What a setting of a preset may be. */
interface Setting {
  readonly text: string
  readonly required?: boolean
  /** It names a variable: placeholders are filled in with capitals and underscores. */
  readonly variable?: boolean
  readonly values?: readonly string[]
  /** It means nothing without this other one. */
  readonly goesWith?: string
  /** What the service takes. */
  readonly form?: Form
}

interface Form {
  readonly pattern: RegExp
  readonly words: string
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
  /** Settings that do not make another place: the whole is written at once, or they say who may read it. */
  readonly within?: readonly string[]
  /** What holds where nothing is said, as far as it says where the secret is. */
  readonly defaults?: Settings
  /** The service does not tell capitals from small letters. */
  readonly caseless?: boolean
  /** Where it puts the secret, in words. */
  readonly place: (settings: Settings) => string
}

function parts(...all: readonly (string | undefined)[]): string {
  return all.filter(part => part !== undefined).join(' ')
}

const variableForm: Form = {
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,254}$/,
  words: 'letters, digits and underscores, with no digit first',
}
const fieldForm: Form = {
  pattern: /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}$/,
  words: 'letters, digits, _, - and .',
}

const variable = {
  text: 'The name of the variable.',
  required: true,
  variable: true,
  form: variableForm,
} as const

/** Stores that are the official command-line tools of other services; what they run stands in `stores/presets.ts`. */
export const presets = {
  'github-actions': {
    text: 'A secret of GitHub Actions: of a repository, of one of its environments, or of an organisation. Runs `gh`.',
    settings: {
      repo: { text: 'The repository, as OWNER/REPO or HOST/OWNER/REPO.' },
      environment: { text: 'The deployment environment of the repository.', goesWith: 'repo' },
      org: { text: 'The organisation, in place of a repository.' },
      visibility: {
        text: "Which of the organisation's repositories may use it: all or private (the default).",
        values: ['all', 'private'],
        goesWith: 'org',
      },
      repos: {
        text: "Those of the organisation's repositories that may use it, with commas between them, in place of `visibility`.",
        goesWith: 'org',
      },
      name: {
        ...variable,
        form: {
          pattern: /^(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]{0,254}$/i,
          words: 'letters, digits and underscores, with no digit and no GITHUB_ first',
        },
      },
    },
    oneOf: ['repo', 'org'],
    within: ['visibility', 'repos'],
    caseless: true,
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
      scope: {
        text: 'The environment scope of the variable; all environments where nothing is said.',
        goesWith: 'project',
      },
      protected: { text: 'Only pipelines of protected branches and tags get it.' },
      name: variable,
    },
    within: ['protected'],
    defaults: { scope: '*' },
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
      field: { text: 'The field in it: `value` where nothing is said.', form: fieldForm },
    },
    defaults: { mount: 'secret' },
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
      name: {
        text: 'The name of the secret: letters, digits, hyphens and underscores.',
        required: true,
        form: { pattern: /^[A-Za-z0-9_-]{1,255}$/, words: 'letters, digits, hyphens and underscores' },
      },
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
      name: {
        text: 'The name of the secret: letters, digits and hyphens.',
        required: true,
        form: { pattern: /^[A-Za-z0-9-]{1,127}$/, words: 'letters, digits and hyphens' },
      },
    },
    caseless: true,
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
      name: { ...variable, text: 'The field in it.', form: fieldForm },
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

/** Vault and pass read `/a/b/` as `a/b`. */
function withoutSlashes(setting: string, text: string): string {
  return setting === 'path' || setting === 'mount' ? text.split('/').filter(Boolean).join('/') : text
}

/** What of a preset's settings says where the secret is: where it is the same, one secret overwrites the other. */
export function presetPlace(name: PresetName, settings: Settings): readonly (readonly [string, string])[] {
  const { defaults = {}, within = [], caseless = false } = presetOf(name)
  return Object.entries({ ...defaults, ...settings })
    .filter(([setting]) => !within.includes(setting))
    .map(
      ([setting, text]) => [setting, withoutSlashes(setting, caseless ? text.toLowerCase() : text)] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
