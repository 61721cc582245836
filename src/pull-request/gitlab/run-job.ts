import { join } from 'node:path'
import { readPlanText, sha256 } from '../../commands/plan-store.ts'
import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'
import { readPlanFile } from '../../plan/plan-file.ts'
import { callersVariables } from '../../platform/credentials.ts'
import { digestOf } from '../approvals.ts'
import type { CodeHost } from '../port.ts'
import { type StepCommand, runStep } from '../run-step.ts'
import { type OpenContext, type StepOutcome, nothingDone } from '../step.ts'
import type { JobAsked, PipelineJob } from './pipeline-job.ts'
import { reportFiles } from './report-files.ts'

interface Surroundings {
  readonly asked: JobAsked
  readonly job: PipelineJob
  readonly host: CodeHost
  readonly open: OpenContext
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The runner masks what is made in a job only where it reads such commands; whoever says so goes on where it does not. */
function unmasked(open: OpenContext, allowUnmasked: boolean): OpenContext {
  if (!allowUnmasked) return open
  return (cwd): Context => ({ ...open(cwd), requireMasking: () => Promise.resolve() })
}

async function runOne(command: StepCommand, surroundings: Surroundings): Promise<StepOutcome> {
  const { asked, job, host, env } = surroundings
  const { commit, branch, defaultBranch, temporary, request } = job
  const isReview = request !== null
  return await runStep({
    inputs: {
      ...asked,
      command,
      planFile: command === 'plan' ? join(job.folder, reportFiles.plan) : (asked.reviewed?.file ?? null),
    },
    job: {
      ...{ commit, branch, defaultBranch, temporary, run: job.id },
      // What a merge request has checked out is its own, and packages in it are not the base's.
      workspace: isReview ? null : job.folder,
      pull: isReview ? { ...request, fork: (await host.request(request.number)).fork } : null,
    },
    ...{ host, env, open: unmasked(surroundings.open, asked.allowUnmasked) },
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

/** A repository may hold a file of the same name: only the plan that the job before showed is meant. */
async function requireReviewed(
  { file, digest }: NonNullable<JobAsked['reviewed']>,
  folder: string,
): Promise<void> {
  const found = digestOf(readPlanFile(await readPlanText(file, folder), file, sha256))
  if (found === digest) return
  throw new Failure('conflict', `${file} is another plan than the one that was reviewed`, {
    hints: ['Review what the job fluxloop-keys:apply of this pipeline shows, or run that again.'],
  })
}

/** Runs what a job of a pipeline is for. */
export async function runJob(surroundings: Surroundings): Promise<StepOutcome> {
  const { command, reviewed } = surroundings.asked
  if (reviewed?.digest === '') return { ...nothingDone, page: 'Nothing waits for a review.' }
  if (reviewed !== null) await requireReviewed(reviewed, surroundings.job.folder)
  return command === 'check' ? await check(surroundings) : await runOne(command, surroundings)
}
