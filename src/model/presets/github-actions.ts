import { type Preset, type Settings, option, parts, valueOf, variable } from './preset.ts'

function github({ repo, org, environment }: Settings): readonly string[] {
  return [...option('--repo', repo), ...option('--org', org), ...option('--env', environment)]
}

export const githubActions = {
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
  siblingSetting: 'name',
  place: ({ repo, org, environment, name }) =>
    parts(repo ?? `organisation ${org ?? ''}`, environment, `(${name ?? ''})`),
  program: 'gh',
  install: 'Install the GitHub CLI (https://cli.github.com), and run `gh auth login` or set GH_TOKEN.',
  probe: settings => ['secret', 'list', ...github(settings)],
  put: [
    settings => [
      'secret',
      'set',
      valueOf(settings, 'name'),
      ...github(settings),
      ...option('--visibility', settings['visibility']),
      ...option('--repos', settings['repos']),
    ],
  ],
  get: null,
  remove: settings => ['secret', 'delete', valueOf(settings, 'name'), ...github(settings)],
  absent: /HTTP 404/,
  list: settings => ['secret', 'list', ...github(settings)],
} as const satisfies Preset
