import { ciTemplates } from './generated/ci-templates.js'

export const ciHosts = ['github', 'gitlab'] as const
export type CiHost = (typeof ciHosts)[number]

/** Where an action is that nobody has named yet. No such repository and no such commit: GitHub refuses to begin the workflow. */
const unnamed = 'OWNER/fluxloop-keys@COMMIT'

/** `owner/name@` and a whole commit, which nobody can move as they can a tag. */
export const actionPattern = /^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/

export interface CiOptions {
  /** Null: nobody has named it. */
  readonly action: string | null
  /** Of the configuration, from the root of the repository, with `/`; empty: the root. */
  readonly folder: string
}

/** A line of the workflow that names the configuration, for a configuration in a folder. */
function inFolder(line: string, folder: string): string {
  if (line.trimStart().startsWith('paths:'))
    return line.replaceAll(/'(?=fluxloop-keys|\.fluxloop)/g, `'${folder}/`)
  const [indent = ''] = /^ */.exec(line) ?? []
  return line.startsWith(`${indent}command: `) ? `${line}\n${indent}working-directory: ${folder}` : line
}

function githubWorkflow({ action, folder }: CiOptions): string {
  const lines = ciTemplates.github.split('\n')
  const placed = folder === '' ? lines : lines.map(line => inFolder(line, folder))
  return placed.join('\n').replaceAll('uses: ACTION', `uses: ${action ?? unnamed}`)
}

function gitlabTemplate({ folder }: CiOptions): string {
  return folder === ''
    ? ciTemplates.gitlab
    : ciTemplates.gitlab.replace("default: ''", `default: ${folder}/fluxloop-keys.yaml`)
}

/** Paths are from the root of the repository. */
export const ciFiles = {
  github: { path: '.github/workflows/fluxloop-keys.yml', text: githubWorkflow },
  gitlab: { path: '.gitlab/fluxloop-keys.gitlab-ci.yml', text: gitlabTemplate },
} as const

/** Where a job gets the program, as long as nobody has named it: GitLab refuses what is not a whole commit, so no pipeline begins. */
export const unnamedPackage = 'git+https://HOST/GROUP/fluxloop-keys.git#COMMIT'

/** What a pipeline of GitLab begins with; it includes the other file. */
export const gitlabPipeline = {
  path: '.gitlab-ci.yml',
  text: `include:\n  - local: ${ciFiles.gitlab.path}\n    inputs: { package: '${unnamedPackage}' }\n`,
}

/** A folder that may stand in YAML, in a pattern and in a command line as it is. */
export const plainFolder = /^(?:[\w-][\w.-]*(?:\/[\w-][\w.-]*)*)?$/

/** The host that a URL of a git remote names; null where it is neither. */
function hostNamed(url: string): CiHost | null {
  const [, host = ''] = /^(?:[a-z+]+:\/\/)?(?:[^@/\s]*@)?([^:/\s]+)/i.exec(url) ?? []
  return ciHosts.find(each => host.toLowerCase().split(/[.-]/).includes(each)) ?? null
}

/** The host of the remote `origin`, else of the first one, in a git configuration. Git is not asked: it may run what a repository says. */
export function hostOfRemote(gitConfig: string): CiHost | null {
  const urls = new Map<string, string>()
  let remote: string | null = null
  for (const line of gitConfig.split('\n').map(each => each.trim())) {
    if (line.startsWith('[')) remote = /^\[remote "([^"]*)"\]/.exec(line)?.[1] ?? null
    const equals = line.indexOf('=')
    if (remote === null || line.slice(0, equals).trim() !== 'url' || urls.has(remote)) continue
    urls.set(remote, line.slice(equals + 1).trim())
  }
  const [first] = urls.values()
  const url = urls.get('origin') ?? first
  return url === undefined ? null : hostNamed(url)
}
