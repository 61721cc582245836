import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { type Files, type GitRepository, gitRepository } from './git-repository.ts'
import { type GitlabServer, type MergeRequest, gitlabServer, projectId } from './gitlab-server.ts'
import { runFile } from './program.ts'
import { type ServedPlatform, servedPlatform } from './served-platform.ts'
import { zipped } from './zip.ts'

/** What GitLab's template runs, as `npm test` builds it first. */
const program = fileURLToPath(new URL('../../dist/gitlab.js', import.meta.url))

/** What a job left behind. */
export interface Job {
  readonly id: number
  readonly code: number | null
  readonly log: string
  /** The text of a file in the folder of the project; empty where there is none. */
  readonly file: (name: string) => Promise<string>
}

export interface JobOptions {
  readonly request?: MergeRequest
  /** A webhook triggers a pipeline of `main`; else it is one of the merge request itself. */
  readonly webhook?: boolean
  readonly head?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly flags?: readonly string[]
  /** Files of an earlier job, by name. */
  readonly kept?: Readonly<Record<string, string>>
}

/** A project on GitLab whose pipelines plan and apply, and the platform that they do that to. */
export interface Pipeline {
  readonly gitlab: GitlabServer
  readonly git: GitRepository
  readonly platform: ServedPlatform
  /** A folder for what the store's program keeps. */
  readonly secrets: string
  readonly open: (branch: string, files: Files, options?: { readonly fork?: boolean }) => MergeRequest
  readonly push: (request: MergeRequest, files: Files) => void
  /** By squash. */
  readonly merge: (request: MergeRequest) => void
  readonly job: (command: string, options?: JobOptions) => Promise<Job>
}

/** Keeps what it is given in a file, and gives nothing back. */
const gh = `#!/bin/sh
case "$1 $2" in
  'auth status'|'secret list') exit 0 ;;
  'secret set') cat >"$SECRETS/$3" ;;
  'secret delete') rm "$SECRETS/$3" ;;
  *) exit 1 ;;
esac
`

/** `main` has these files when the story begins. */
export async function pipeline(t: Pick<Test, 'teardown'>, files: Files): Promise<Pipeline> {
  const root = await mkdtemp(join(tmpdir(), 'fluxloop-keys-pipeline-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  const git = gitRepository(root)
  git.commit('main', files)
  const [gitlab, platform] = await Promise.all([gitlabServer(t, git), servedPlatform(t)])
  const [bin, secrets] = [join(root, 'bin'), join(root, 'secrets')]
  await Promise.all([bin, secrets].map(folder => mkdir(folder)))
  await writeFile(join(bin, 'gh'), gh)
  await chmod(join(bin, 'gh'), 0o755)
  let jobs = 1000
  let merges = 0

  async function job(command: string, options: JobOptions = {}): Promise<Job> {
    const { request, webhook = false, env = {}, flags = [], kept = {} } = options
    jobs += 1
    const id = jobs
    const folder = join(root, `job-${id}`)
    await mkdir(folder)
    const tip = git.tip('main')
    const head = options.head ?? request?.head ?? tip
    const payload = join(root, `payload-${id}`)
    const isOwn = request !== undefined && !webhook
    // As GIT_STRATEGY: none leaves it, where both sides are read by the API.
    if (command !== 'plan') git.checkOut(isOwn ? head : tip, folder)
    for (const [name, text] of Object.entries(kept)) await writeFile(join(folder, name), text)
    if (request !== undefined && webhook)
      await writeFile(
        payload,
        JSON.stringify({
          object_kind: 'merge_request',
          project: { id: projectId },
          object_attributes: { iid: request.iid, last_commit: { id: head } },
        }),
      )
    const ownVariables = isOwn
      ? { CI_PIPELINE_SOURCE: 'merge_request_event', CI_MERGE_REQUEST_IID: String(request.iid) }
      : { CI_COMMIT_BRANCH: 'main', CI_PIPELINE_SOURCE: webhook ? 'trigger' : 'push' }
    const ran = await runFile(program, [command, ...flags], {
      cwd: folder,
      env: {
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        HOME: root,
        TMPDIR: root,
        SECRETS: secrets,
        CI: 'true',
        GITLAB_CI: 'true',
        CI_API_V4_URL: gitlab.url,
        CI_PROJECT_ID: String(projectId),
        CI_PROJECT_DIR: folder,
        CI_DEFAULT_BRANCH: 'main',
        CI_COMMIT_SHA: isOwn ? head : tip,
        CI_JOB_ID: String(id),
        CI_JOB_URL: `https://gitlab.example.com/jobs/${id}`,
        FLUXLOOP_KEYS_TOKEN: gitlab.token,
        ...(webhook ? { TRIGGER_PAYLOAD: payload } : {}),
        ...ownVariables,
        ...platform.env,
        ...env,
      },
    })
    const file = (name: string) => readFile(join(folder, name), 'utf8').catch(() => '')
    const plan = await file('fluxloop-keys-plan.json')
    gitlab.jobs.set(id, {
      id,
      name: `fluxloop-keys:${command}`,
      pipeline: {
        id: id + 10_000,
        source: ownVariables.CI_PIPELINE_SOURCE,
        ref: isOwn ? `refs/merge-requests/${request.iid}/head` : 'main',
        sha: isOwn ? head : tip,
      },
      archive: plan === '' ? null : zipped('fluxloop-keys-plan.json', plan),
    })
    return { id, code: ran.code, log: ran.stdout + ran.stderr, file }
  }

  return {
    ...{ gitlab, git, platform, secrets, job },
    open: (branch, changed, { fork = false } = {}) => {
      const iid = gitlab.requests.size + 1
      const head = git.commit(branch, changed, [git.tip('main')])
      const source = fork ? 2 : projectId
      const request: MergeRequest = { iid, branch, head, state: 'opened', mergedAt: null, source, notes: [] }
      gitlab.requests.set(iid, request)
      return request
    },
    push: (request, changed) => {
      request.head = git.commit(request.branch, changed, [request.head])
    },
    merge: request => {
      merges += 1
      gitlab.merges.set(git.squash('main', request.head), request.iid)
      const mergedAt = new Date(Date.now() - 3_600_000 + merges * 1000).toISOString()
      Object.assign(request, { state: 'merged', mergedAt })
    },
  }
}
