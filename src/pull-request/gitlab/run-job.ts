import { join } from 'node:path'
import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'
import { Secret } from '../../model/secret.ts'
import { callersVariables, credentialFromEnvironment } from '../../platform/credentials.ts'
import { runStep } from '../github/run-step.ts'
import type { CodeHost } from '../port.ts'
import type { OpenContext, StepOutcome } from '../step.ts'
import type { JobAsked, PipelineJob } from './pipeline-job.ts'
import { reportFiles } from './report-files.ts'

interface Surroundings {
  readonly asked: JobAsked
  readonly job: PipelineJob
  readonly host: CodeHost
  readonly open: OpenContext
  readonly env: Readonly<Record<string, string | undefined>>
}

function requireCredential({ asked: { command }, env }: Surroundings): void {
  const needs = command === 'plan' || command === 'apply' || command === 'drift'
  if (!needs || credentialFromEnvironment(env) !== null) return
  throw new Failure('authentication', 'There is no API key to call the platform with', {
    hints: [
      'Set the variable FLUXLOOP_API_KEY in the settings of the project.',
      'A protected variable is there for protected branches alone.',
    ],
  })
}

/** The runner masks what is made in a job only where it reads such commands; whoever says so goes on where it does not. */
function unmasked(open: OpenContext, allowUnmasked: boolean): OpenContext {
  if (!allowUnmasked) return open
  return (cwd): Context => ({ ...open(cwd), requireMasking: () => Promise.resolve() })
}

async function runOne(
  command: Exclude<JobAsked['command'], 'check'>,
  surroundings: Surroundings,
): Promise<StepOutcome> {
  const { asked, job, host, env } = surroundings
  const { request } = job
  const isReview = request !== null
  const { config, workingDirectory, comment, failOn, showPersonal, allowUnmasked } = asked
  return await runStep({
    inputs: {
      ...{ command, config, workingDirectory, comment, failOn, showPersonal },
      // What apply leaves for a review is not a plan that somebody named.
      planFile: command === 'plan' ? join(job.folder, reportFiles.plan) : null,
      token: new Secret('not used here'),
    },
    job: {
      ...{ repository: String(job.project), apiUrl: job.apiUrl, graphqlUrl: job.apiUrl, workflow: '' },
      ...{ commit: job.commit, branch: job.branch, run: job.id },
      defaultBranch: job.defaultBranch,
      // What a merge request has checked out is its own, and packages in it are not the base's.
      workspace: isReview ? null : job.folder,
      temporary: job.temporary,
      pull: isReview ? { ...request, fork: (await host.request(request.number)).fork } : null,
    },
    ...{ host, env, open: unmasked(surroundings.open, allowUnmasked) },
  })
}

/** Both at once, of what is checked out: with no credential, so that a merge request from anywhere may run it. */
async function check(surroundings: Surroundings): Promise<StepOutcome> {
  const { job } = surroundings
  const callers = new Set<string>(callersVariables(surroundings.env))
  const env = Object.fromEntries(Object.entries(surroundings.env).filter(([name]) => !callers.has(name)))
  const here = { ...surroundings, env, job: { ...job, request: null } }
  const validated = await runOne('validate', here)
  if (validated.exitCode !== 0) return validated
  const audited = await runOne('audit', here)
  return {
    ...audited,
    page: `${validated.page}\n\n${audited.page}`,
    marks: [...validated.marks, ...audited.marks],
  }
}

function requireOccasion({ asked: { command }, job: { request } }: Surroundings): void {
  if (request === null || (command !== 'apply' && command !== 'drift')) return
  throw new Failure('usage', `A merge request is never the occasion for the command ${command}`, {
    hints: ['Run it in pipelines of the default branch: on push, or by a schedule.'],
  })
}

/** Runs what a job of a pipeline is for. */
export async function runJob(surroundings: Surroundings): Promise<StepOutcome> {
  requireOccasion(surroundings)
  requireCredential(surroundings)
  const { command } = surroundings.asked
  return command === 'check' ? await check(surroundings) : await runOne(command, surroundings)
}
