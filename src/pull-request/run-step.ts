import { lstat, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { loadConfiguration } from '../config/load.ts'
import { readPlanText, sha256 } from '../commands/plan-store.ts'
import type { Context } from '../context.ts'
import type { DesiredState } from '../model/desired.ts'
import { day } from '../model/duration.ts'
import { Failure, exitCodes } from '../model/failure.ts'
import { plural } from '../model/plural.ts'
import { readPlanFile } from '../plan/plan-file.ts'
import { credentialFromEnvironment } from '../platform/credentials.ts'
import { renderDiagnostics } from '../render/text/diagnostics.ts'
import { inertText } from '../render/text/markdown.ts'
import { isLocal } from '../stores/locality.ts'
import { applyMerged } from './apply-merged.ts'
import { type Approvals, findApprovals } from './approvals.ts'
import { planBranch } from './branch-plan.ts'
import { auditOf, checkRequest, shownAudit } from './check-request.ts'
import { keepDriftIssue } from './drift-issue.ts'
import { type Place, marksOfDiagnostics } from './marks.ts'
import { planRequest } from './plan-request.ts'
import { writeReport } from './report-page.ts'
import type { CodeHost } from './port.ts'
import { configurationPaths, takeSnapshot } from './snapshot.ts'
import { type Asked, type OpenContext, type StepOutcome, nothingDone } from './step.ts'

/** Plans of pull requests that were merged longer ago are not looked for: GitHub keeps artefacts for 90 days at most. */
const lookBack = 30 * day

export type StepCommand = 'validate' | 'audit' | 'plan' | 'apply' | 'drift' | 'report'

/** What a step is told to do. */
export interface StepInputs extends Pick<
  Asked,
  'config' | 'workingDirectory' | 'comment' | 'failOn' | 'planFile' | 'showPersonal'
> {
  readonly command: StepCommand
}

/** What the host says of the job that the step belongs to. */
export interface StepJob {
  readonly commit: string
  readonly branch: string
  /** Null: the host does not say. */
  readonly defaultBranch: string | null
  /** By which the host finds this run. */
  readonly run: string
  /** The folder in which the job works; null: it has none. */
  readonly workspace: string | null
  readonly temporary: string
  /** Null: the run is about no pull request. */
  readonly pull: { readonly number: number; readonly head: string; readonly fork: boolean } | null
}

interface Surroundings {
  readonly inputs: StepInputs
  readonly job: StepJob
  readonly host: CodeHost
  readonly open: OpenContext
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Runs one step, and cleans up after it. */
export async function runStep(surroundings: Surroundings): Promise<StepOutcome> {
  const { inputs, job } = surroundings
  await mkdir(job.temporary, { recursive: true })
  const folder = await realpath(await mkdtemp(join(job.temporary, 'fluxloop-keys-')))
  const snapshots = join(folder, 'snapshots')
  const { config, workingDirectory, comment, showPersonal, failOn } = inputs
  const planFile =
    inputs.planFile === null || isAbsolute(inputs.planFile)
      ? inputs.planFile
      : join(job.workspace ?? folder, inputs.planFile)
  const asked: Asked = {
    ...{ config, workingDirectory, comment, showPersonal, failOn, planFile, folder },
    pageLimit: surroundings.host.pageLimit,
    packages: job.workspace === null ? null : join(job.workspace, workingDirectory),
    run: job.run,
  }
  try {
    return job.pull === null
      ? await ofBranch(asked, snapshots, surroundings)
      : await ofPull(job.pull, asked, surroundings)
  } finally {
    // Plan and SARIF files stay for the steps that follow.
    for (const name of ['base', 'merged', 'snapshots'])
      await rm(join(folder, name), { recursive: true, force: true })
  }
}

function requireCredential({ env, host }: Surroundings): void {
  if (env['FLUXLOOP_API_URL']?.trim().startsWith('sandbox:') === true)
    throw new Failure('usage', 'FLUXLOOP_API_URL names a sandbox, which is not part of this program', {
      hints: ['Name a platform, or leave FLUXLOOP_API_URL out.'],
    })
  if (credentialFromEnvironment(env) !== null) return
  throw new Failure('authentication', 'There is no API key to call the platform with', {
    hints: host.hints.credential,
  })
}

async function ofPull(
  { number, head, fork }: NonNullable<StepJob['pull']>,
  asked: Asked,
  surroundings: Surroundings,
): Promise<StepOutcome> {
  const {
    inputs: { command },
    host,
    open,
  } = surroundings
  switch (command) {
    case 'validate':
      return await checkRequest(number, head, 'validate', asked, host, open)
    case 'audit':
      return await checkRequest(number, head, fork ? 'of-fork' : 'audit', asked, host, open)
    case 'plan':
      if (!fork) requireCredential(surroundings)
      return fork
        ? await checkRequest(number, head, 'of-fork', asked, host, open)
        : await planRequest(number, head, asked, host, open)
    case 'apply':
    case 'drift':
    case 'report':
      throw new Failure('usage', `A ${host.words.request} is never the occasion for the command ${command}`, {
        hints: host.hints.occasion,
      })
  }
}

/** The files of the branch: as they are checked out, else as the host has them at the commit of the run. */
async function placeOf(
  asked: Asked,
  snapshots: string,
  { job, host }: Surroundings,
): Promise<Place & { readonly checkedOut: boolean }> {
  const { workspace } = job
  if (workspace !== null && (await lstat(join(workspace, '.git')).catch(() => null)) !== null) {
    const root = await realpath(workspace)
    return { root, cwd: join(root, asked.workingDirectory), checkedOut: true }
  }
  const { root, cwd } = await takeSnapshot(host, job.commit, asked, snapshots)
  return { root, cwd, checkedOut: false }
}

async function ofBranch(asked: Asked, snapshots: string, surroundings: Surroundings): Promise<StepOutcome> {
  const { inputs, env, open, host } = surroundings
  const { command } = inputs
  const hasCredential = credentialFromEnvironment(env) !== null
  if (command !== 'validate' && command !== 'audit') requireCredential(surroundings)
  const place = await placeOf(asked, snapshots, surroundings)
  const context = open(place.cwd)
  const loaded = await loadConfiguration({
    ...{ paths: asked.config, cwd: place.cwd },
    now: command === 'validate' ? context.now() : null,
  })
  if (!loaded.ok) {
    context.stderr.print(renderDiagnostics(loaded.diagnostics.slice(0, 100), context.stderr.palette))
    const page = `**The configuration is not valid:** ${plural(loaded.diagnostics.length, 'error')}.`
    const marks = marksOfDiagnostics(loaded.diagnostics, place)
    return { ...nothingDone, exitCode: exitCodes.configuration, page, marks }
  }
  const { desired, warnings } = loaded
  switch (command) {
    case 'validate': {
      const page = `The configuration of ${inertText(desired.stack)} is valid: ${plural(desired.keys.length, 'key')}.`
      context.stdout.print(page)
      return { ...nothingDone, page, marks: marksOfDiagnostics(warnings, place) }
    }
    case 'audit': {
      const audited = await auditOf(desired, { offline: !hasCredential, failOn: asked.failOn }, context)
      return await shownAudit(audited, desired, place, asked.folder, context)
    }
    case 'plan':
      return await planBranch(desired, asked, place, context)
    case 'drift':
      return await keepDriftIssue(desired, asked, host, context)
    case 'report':
      return await writeReport(desired, asked, context)
    case 'apply': {
      requirePlacesThatStay(desired, place.checkedOut, host)
      const approvals = await approvalsFor(desired, asked, surroundings, context)
      return await applyMerged(desired, approvals, { ...asked, planFile: null }, context)
    }
  }
}

/** What is not checked out lies in a folder that goes with this step, and a secret in it would go too. */
function requirePlacesThatStay({ keys }: DesiredState, checkedOut: boolean, { hints }: CodeHost): void {
  const local = keys.find(({ stores }) =>
    stores.some(({ spec }) => spec.kind !== 'keychain' && isLocal(spec)),
  )
  if (checkedOut || local === undefined) return
  throw new Failure('usage', `The key ${local.keyId} has a store in a file, and nothing is checked out`, {
    hints: hints.checkOut,
  })
}

/** A plan file that the workflow names is its own approval; else those of merged pull requests are looked for. */
async function approvalsFor(
  desired: DesiredState,
  { planFile, config, workingDirectory }: Asked,
  { job, host }: Surroundings,
  context: Context,
): Promise<Approvals> {
  if (planFile === null) {
    // Whoever may push could otherwise merge into a branch of their own.
    if (job.defaultBranch !== null && job.branch !== job.defaultBranch)
      throw new Failure('usage', `apply runs on ${job.defaultBranch}, and this is ${job.branch}`, {
        hints: ['Run it there, or name a plan file that somebody reviewed: plan-file'],
      })
    const paths = configurationPaths({ config, workingDirectory })
    const merged = await host.merged(job.branch, context.now() - lookBack, paths)
    return await findApprovals(host, merged, desired.stack)
  }
  const file = readPlanFile(await readPlanText(planFile, context.cwd), planFile, sha256)
  if (file.plan.stack !== desired.stack)
    throw new Failure(
      'conflict',
      `The plan is for the stack ${file.plan.stack}, and this is ${desired.stack}`,
    )
  return { approved: [{ by: planFile, file }], unapproved: [] }
}
