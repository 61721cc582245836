import { type Preset, type Settings, option, parts, valueOf, variable } from './preset.ts'

function gitlab({ project, group, scope }: Settings): readonly string[] {
  return [...option('--repo', project), ...option('--group', group), ...option('--scope', scope)]
}

export const gitlabCi = {
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
  siblingSetting: 'name',
  place: ({ project, group, scope, name }) =>
    parts(project ?? `group ${group ?? ''}`, scope, `(${name ?? ''})`),
  program: 'glab',
  install:
    'Install the GitLab CLI (https://gitlab.com/gitlab-org/cli), and run `glab auth login` or set GITLAB_TOKEN.',
  probe: null,
  put: ['update', 'set'].map(verb => (settings: Settings) => [
    'variable',
    verb,
    valueOf(settings, 'name'),
    '--masked',
    '--raw',
    // `update` takes it away where it is not said.
    ...(settings['protected'] === 'true' ? ['--protected'] : []),
    ...gitlab(settings),
  ]),
  get: settings => ['variable', 'get', valueOf(settings, 'name'), ...gitlab(settings)],
  remove: settings => ['variable', 'delete', valueOf(settings, 'name'), ...gitlab(settings)],
  absent: /404 (?:(?:Group)?Variable )?Not Found/,
  list: ({ project, group }) => [
    'variable',
    'list',
    ...option('--repo', project),
    ...option('--group', group),
  ],
} as const satisfies Preset
