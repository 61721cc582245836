import { readFile } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { Failure } from '../../model/failure.ts'
import { closest } from '../../model/suggest.ts'
import { Secret } from '../../model/secret.ts'
import { pathInRepository } from '../snapshot.ts'
import { numberAt, textAt, valueAt } from '../answer-fields.ts'
import type { StepCommand, StepInputs, StepJob } from '../run-step.ts'

const commands = [
  'validate',
  'audit',
  'plan',
  'apply',
  'drift',
  'report',
] as const satisfies readonly StepCommand[]

export interface Inputs extends StepInputs {
  readonly token: Secret
}

export interface Job extends StepJob {
  readonly repository: string
  readonly apiUrl: string
  readonly graphqlUrl: string
  /** `.github/workflows/keys.yml` */
  readonly workflow: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** The name that the runner gives an input: upper case, its dashes kept. */
function inputOf(env: Environment, name: string): string {
  return env[`INPUT_${name.toUpperCase()}`]?.trim() ?? ''
}

function yesOrNo(env: Environment, name: string, usual: boolean): boolean {
  const text = inputOf(env, name)
  if (text === '') return usual
  if (/^true$/i.test(text)) return true
  if (/^false$/i.test(text)) return false
  throw new Failure('usage', `The input ${name} takes true or false, not \`${text}\``)
}

function commandOf(text: string): StepCommand {
  const known = commands.find(command => command === text)
  if (known !== undefined) return known
  const near = closest(text, commands)
  throw new Failure('usage', `The input command does not know \`${text}\``, {
    hints: [...(near === null ? [] : [`Did you mean ${near}?`]), `It takes: ${commands.join(', ')}`],
  })
}

/** Throws a usage `Failure` where an input makes no sense. */
export function readInputs(env: Environment): Inputs {
  const token = inputOf(env, 'github-token')
  if (token === '')
    throw new Failure('usage', 'The input github-token is empty', {
      hints: ['Leave it out: the token of the job is used then.'],
    })
  const or = (text: string) => (text === '' ? null : text)
  const config = inputOf(env, 'config')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  const workingDirectory = inputOf(env, 'working-directory') || '.'
  for (const path of config) pathInRepository(workingDirectory, path)
  const command = commandOf(inputOf(env, 'command') || 'plan')
  const failOn = or(inputOf(env, 'fail-on'))
  if (failOn !== null && command !== 'audit')
    throw new Failure('usage', `The input fail-on is for the command audit, and this is ${command}`, {
      hints: ['What makes a plan fail stands in the configuration: policy.failOn'],
    })
  return {
    ...{ command, config, failOn, token: new Secret(token) },
    workingDirectory: pathInRepository(workingDirectory),
    comment: yesOrNo(env, 'comment', true),
    planFile: or(inputOf(env, 'plan-file')),
    showPersonal: yesOrNo(env, 'show-personal', false),
  }
}

function required(env: Environment, name: string): string {
  const value = env[name]?.trim() ?? ''
  if (value !== '') return value
  throw new Failure('usage', `${name} is not set: this is not a step of a workflow on GitHub`)
}

function pullOf(event: unknown): Job['pull'] {
  const pull = valueAt(event, 'pull_request')
  const number = numberAt(pull, 'number')
  const head = textAt(pull, 'head', 'sha')
  if (number === null || head === null) return null
  const base = numberAt(pull, 'base', 'repo', 'id')
  return { number, head, fork: base === null || numberAt(pull, 'head', 'repo', 'id') !== base }
}

/** `acme/agents/.github/workflows/keys.yml@refs/heads/main`, without what stands before and after the path. */
function workflowOf(reference: string, repository: string): string {
  const [path = ''] = reference.split('@')
  return path.startsWith(`${repository}/`) ? path.slice(repository.length + 1) : path
}

/** Throws a `Failure` where this is not a step of a workflow. */
export async function readJob(env: Environment): Promise<Job> {
  const repository = required(env, 'GITHUB_REPOSITORY')
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw new Failure('usage', 'GITHUB_REPOSITORY is not of the form owner/name')
  const api = required(env, 'GITHUB_API_URL').replace(/\/$/, '')
  const name = required(env, 'GITHUB_EVENT_NAME')
  const event: unknown = JSON.parse(await readFile(required(env, 'GITHUB_EVENT_PATH'), 'utf8'))
  const workspace = env['GITHUB_WORKSPACE'] ?? ''
  return {
    ...{ repository, apiUrl: api, graphqlUrl: env['GITHUB_GRAPHQL_URL'] ?? `${api}/graphql` },
    commit: required(env, 'GITHUB_SHA'),
    branch: env['GITHUB_REF_NAME'] ?? '',
    defaultBranch: textAt(event, 'repository', 'default_branch'),
    workflow: workflowOf(required(env, 'GITHUB_WORKFLOW_REF'), repository),
    run: required(env, 'GITHUB_RUN_ID'),
    workspace: isAbsolute(workspace) ? workspace : null,
    temporary: required(env, 'RUNNER_TEMP'),
    pull: name.startsWith('pull_request') ? pullOf(event) : null,
  }
}
