import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { isAbsolute } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure } from '../../model/failure.ts'
import { closest } from '../../model/suggest.ts'
import { numberAt, textAt } from '../answer-fields.ts'
import { pathInRepository } from '../snapshot.ts'

const commands = ['check', 'validate', 'audit', 'plan', 'apply', 'drift'] as const
export type JobCommand = (typeof commands)[number]

/** What a job of a pipeline is asked. */
export interface JobAsked {
  /** `check`: validate and audit what is checked out, without a credential. */
  readonly command: JobCommand
  readonly config: readonly string[]
  readonly workingDirectory: string
  readonly comment: boolean
  readonly failOn: string | null
  readonly showPersonal: boolean
  /** A plan that somebody reviewed, and what it has to be; null: `apply` looks for the plans of merge requests. */
  readonly reviewed: { readonly file: string; readonly digest: string } | null
  /** Make secrets where the runner masks none that are made in a job. */
  readonly allowUnmasked: boolean
}

/** What GitLab says of the job. */
export interface PipelineJob {
  readonly apiUrl: string
  readonly project: number
  readonly defaultBranch: string
  readonly commit: string
  /** Empty in a pipeline of a merge request. */
  readonly branch: string
  readonly id: string
  readonly url: string | null
  /** The folder of the project, for files that are kept. */
  readonly folder: string
  readonly temporary: string
  /** Null: the pipeline is about no merge request. */
  readonly request: { readonly number: number; readonly head: string } | null
}

type Environment = Readonly<Record<string, string | undefined>>

function usage(message: string, hints: readonly string[] = []): Failure {
  return new Failure('usage', message, { hints })
}

function commandOf(words: readonly string[]): JobCommand {
  const [word = 'plan', extra] = words
  if (extra !== undefined) throw usage(`Unexpected argument \`${extra}\``)
  const known = commands.find(command => command === word)
  if (known !== undefined) return known
  const near = closest(word, commands)
  throw usage(`Unknown command \`${word}\``, [
    ...(near === null ? [] : [`Did you mean ${near}?`]),
    `It takes: ${commands.join(', ')}`,
  ])
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c', multiple: true },
        'working-directory': { type: 'string' },
        'fail-on': { type: 'string' },
        'no-comment': { type: 'boolean' },
        'show-personal': { type: 'boolean' },
        'allow-unmasked': { type: 'boolean' },
        'plan-file': { type: 'string' },
        digest: { type: 'string' },
      },
    })
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : 'The arguments cannot be read')
  }
}

/** An empty digest stands for a plan that has nothing to apply. */
function reviewedOf(
  command: JobCommand,
  file: string | undefined,
  digest: string | undefined,
): JobAsked['reviewed'] {
  if (file === undefined && digest === undefined) return null
  if (command !== 'apply') throw usage(`--plan-file and --digest are for apply, and this is ${command}`)
  if (file === undefined || digest === undefined)
    throw usage('--plan-file goes with --digest, which says which plan was reviewed')
  if (!/^([0-9a-f]{64})?$/.test(digest)) throw usage('--digest takes 64 hexadecimal digits, or nothing')
  return { file, digest }
}

/** Throws a usage `Failure` where an argument makes no sense. `FLUXLOOP_KEYS_CONFIG`: paths, one a line, where no argument names any. */
export function readArguments(args: readonly string[], env: Environment): JobAsked {
  const { values, positionals } = parsed(args)
  const command = commandOf(positionals)
  const named = (env['FLUXLOOP_KEYS_CONFIG'] ?? '')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  const config = values.config ?? named
  const workingDirectory = values['working-directory'] ?? '.'
  for (const path of config) pathInRepository(workingDirectory, path)
  const failOn = values['fail-on'] ?? null
  if (failOn !== null && command !== 'audit' && command !== 'check')
    throw usage(`--fail-on is for audit and check, and this is ${command}`, [
      'What makes a plan fail stands in the configuration: policy.failOn',
    ])
  return {
    ...{ command, config, failOn, workingDirectory: pathInRepository(workingDirectory) },
    comment: values['no-comment'] !== true,
    showPersonal: values['show-personal'] === true,
    reviewed: reviewedOf(command, values['plan-file'], values.digest),
    allowUnmasked: values['allow-unmasked'] === true,
  }
}

function required(env: Environment, name: string): string {
  const value = env[name]?.trim() ?? ''
  if (value !== '') return value
  throw usage(`${name} is not set: this is not a job of GitLab CI`)
}

function numberOf(env: Environment, name: string): number {
  const value = Number(required(env, name))
  if (Number.isSafeInteger(value) && value > 0) return value
  throw usage(`${name} is not a number`)
}

/** What a webhook sent that triggered the pipeline. Whoever has the trigger's token can write it: all that counts is asked of GitLab. */
async function webhookRequest(path: string, project: number): Promise<PipelineJob['request']> {
  let event: unknown
  try {
    event = JSON.parse(await readFile(path, 'utf8'))
  } catch {
    throw usage('TRIGGER_PAYLOAD is not the JSON of a webhook')
  }
  if (textAt(event, 'object_kind') !== 'merge_request' || numberAt(event, 'project', 'id') !== project)
    throw usage('The webhook that triggered this pipeline is about no merge request of this project', [
      'In the settings of the webhook, tick the events of merge requests alone.',
    ])
  const number = numberAt(event, 'object_attributes', 'iid')
  const head = textAt(event, 'object_attributes', 'last_commit', 'id')
  return number === null || head === null ? null : { number, head }
}

/** Throws a `Failure` where this is not a job of GitLab. */
export async function readPipelineJob(env: Environment): Promise<PipelineJob> {
  const project = numberOf(env, 'CI_PROJECT_ID')
  const folder = required(env, 'CI_PROJECT_DIR')
  if (!isAbsolute(folder)) throw usage('CI_PROJECT_DIR is not an absolute path')
  const commit = required(env, 'CI_COMMIT_SHA')
  const payload = env['TRIGGER_PAYLOAD'] ?? ''
  const own = env['CI_MERGE_REQUEST_IID'] ?? ''
  // Of a pipeline of the merged result, the commit is that of the merge.
  const head = env['CI_MERGE_REQUEST_SOURCE_BRANCH_SHA'] ?? ''
  const request =
    own !== ''
      ? { number: numberOf(env, 'CI_MERGE_REQUEST_IID'), head: head === '' ? commit : head }
      : env['CI_PIPELINE_SOURCE'] === 'trigger' && payload !== ''
        ? await webhookRequest(payload, project)
        : null
  return {
    ...{ project, folder, commit, request },
    apiUrl: required(env, 'CI_API_V4_URL').replace(/\/$/, ''),
    defaultBranch: required(env, 'CI_DEFAULT_BRANCH'),
    branch: env['CI_COMMIT_BRANCH'] ?? '',
    id: String(numberOf(env, 'CI_JOB_ID')),
    url: env['CI_JOB_URL'] ?? null,
    temporary: tmpdir(),
  }
}
