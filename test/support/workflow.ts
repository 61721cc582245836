import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { type Files, type GitRepository, gitRepository } from './git-repository.ts'
import { type GithubServer, type Pull, githubServer } from './github-server.ts'
import { runFile } from './program.ts'
import { type ServedPlatform, servedPlatform } from './served-platform.ts'

/** The action, as `npm test` builds it first; another test holds the committed one equal to it. */
const action = fileURLToPath(new URL('../../build/action.cjs', import.meta.url))

/** What a step left behind. */
export interface Step {
  readonly code: number | null
  readonly log: string
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  readonly run: number
}

export interface StepOptions {
  readonly inputs?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The event, its name first; the head of a pull request may be an older one than it has now. */
  readonly event?: string
  readonly pull?: Pull
  readonly head?: string
  /** Check the commit out first. */
  readonly checkOut?: boolean
  readonly token?: string
}

/** A repository on GitHub whose workflow plans and applies, and the platform that it does that to. */
export interface Workflow {
  readonly github: GithubServer
  readonly git: GitRepository
  readonly platform: ServedPlatform
  /** A folder for what the store's program keeps. */
  readonly secrets: string
  readonly open: (branch: string, files: Files, options?: { readonly fork?: boolean }) => Pull
  readonly push: (pull: Pull, files: Files) => void
  /** By a review of what is there now. */
  readonly approve: (pull: Pull) => void
  /** By squash, at a moment later than all merges before; throws where no review approved the last commit. */
  readonly merge: (pull: Pull) => void
  readonly step: (command: string, options?: StepOptions) => Promise<Step>
}

/** Keeps what it is given in a file, and gives nothing back, as GitHub's own. */
const gh = `#!/bin/sh
case "$1 $2" in
  'auth status'|'secret list') exit 0 ;;
  'secret set') cat >"$SECRETS/$3" ;;
  'secret delete') rm "$SECRETS/$3" ;;
  *) exit 1 ;;
esac
`

function outputsIn(text: string): Readonly<Record<string, string>> {
  const found = text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n?\2$/gm)
  return Object.fromEntries([...found].map(([, name = '', , value = '']) => [name, value]))
}

/** `main` has these files when the story begins. */
export async function workflow(t: Pick<Test, 'teardown'>, files: Files): Promise<Workflow> {
  const root = await mkdtemp(join(tmpdir(), 'fluxloop-keys-workflow-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  const git = gitRepository(root)
  git.commit('main', files)
  const [github, platform] = await Promise.all([githubServer(t, git), servedPlatform(t)])
  const [bin, secrets] = [join(root, 'bin'), join(root, 'secrets')]
  await Promise.all([bin, secrets].map(folder => mkdir(folder)))
  await writeFile(join(bin, 'gh'), gh)
  await chmod(join(bin, 'gh'), 0o755)
  let runs = 1000
  let merges = 0

  async function step(command: string, options: StepOptions = {}): Promise<Step> {
    const {
      inputs = {},
      env = {},
      pull,
      event = pull === undefined ? 'push' : 'pull_request_target',
    } = options
    runs += 1
    const folder = join(root, `run-${runs}`)
    const workspace = join(folder, 'workspace')
    await mkdir(workspace, { recursive: true })
    const tip = git.tip('main')
    if (options.checkOut === true) git.checkOut(tip, workspace)
    const head = options.head ?? pull?.head ?? tip
    const payload =
      pull === undefined
        ? { ref: 'refs/heads/main', after: tip, repository: { default_branch: 'main' } }
        : {
            pull_request: {
              number: pull.number,
              head: { sha: head, repo: { id: pull.fork ? 2 : 1 } },
              base: { ref: pull.base, repo: { id: 1 } },
            },
          }
    const paths = Object.fromEntries(
      ['event', 'output', 'summary', 'state'].map(name => [name, join(folder, name)]),
    ) as Record<'event' | 'output' | 'summary' | 'state', string>
    await writeFile(paths.event, JSON.stringify(payload))
    const given = {
      command,
      'github-token': options.token ?? github.token,
      'working-directory': '.',
      ...inputs,
    }
    const environment = {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      SECRETS: secrets,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_API_URL: github.url,
      GITHUB_GRAPHQL_URL: `${github.url}/graphql`,
      GITHUB_REPOSITORY: 'acme/agents',
      GITHUB_EVENT_NAME: event,
      GITHUB_EVENT_PATH: paths.event,
      GITHUB_OUTPUT: paths.output,
      GITHUB_STEP_SUMMARY: paths.summary,
      GITHUB_STATE: paths.state,
      GITHUB_SHA: tip,
      GITHUB_REF_NAME: 'main',
      GITHUB_RUN_ID: String(runs),
      GITHUB_WORKFLOW_REF: 'acme/agents/.github/workflows/keys.yml@refs/heads/main',
      GITHUB_WORKSPACE: workspace,
      RUNNER_TEMP: join(folder, 'temp'),
      ...platform.env,
      ...Object.fromEntries(
        Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
      ),
      ...env,
    }
    const ended = await runFile(action, [], { env: environment, cwd: workspace })
    const read = (path: string) => readFile(path, 'utf8').catch(() => '')
    const outputs = outputsIn(await read(paths.output))
    const own = { full_name: 'acme/agents' }
    const run = {
      ...{ id: runs, event, head_sha: head, repository: own, head_repository: own, artifacts: [] },
      path: '.github/workflows/keys.yml',
    }
    github.runs.set(runs, run)
    // As the step after it does, by actions/upload-artifact.
    const plan = outputs['plan-file'] ?? ''
    if (plan !== '')
      github.addArtefact(run, 'fluxloop-keys-plan', 'fluxloop-keys-plan.json', await readFile(plan))
    const log = ended.stdout + ended.stderr
    return { code: ended.code, log, outputs, summary: await read(paths.summary), run: runs }
  }

  return {
    ...{ github, git, platform, secrets, step },
    open: (branch, changed, { fork = false } = {}) => {
      const head = git.commit(branch, changed, [git.tip('main')])
      const number = github.pulls.size + 1
      const pull: Pull = {
        number,
        branch,
        base: 'main',
        head,
        state: 'open',
        mergedAt: null,
        fork,
        approved: null,
        comments: [],
      }
      github.pulls.set(number, pull)
      return pull
    },
    push: (pull, changed) => {
      pull.head = git.commit(pull.branch, changed, [pull.head])
    },
    approve: pull => {
      pull.approved = pull.head
    },
    merge: pull => {
      if (pull.approved !== pull.head) throw new Error('the branch is protected')
      merges += 1
      github.merges.set(git.squash('main', pull.head), pull.number)
      Object.assign(pull, {
        state: 'closed',
        mergedAt: new Date(Date.now() - 3_600_000 + merges * 1000).toISOString(),
      })
    },
  }
}
