import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { exitCodeOfPlan } from '../commands/exit-code.ts'
import type { Context } from '../context.ts'
import { isRefused } from '../model/change.ts'
import { exitCodes } from '../model/failure.ts'
import { widenedFields } from '../model/widening.ts'
import { impersonal } from '../plan/impersonal.ts'
import { planToMarkdown } from '../render/plan/plan-markdown.ts'
import { renderPlan } from '../render/plan/plan-text.ts'
import { renderDiagnostics } from '../render/text/diagnostics.ts'
import { inertText } from '../render/text/markdown.ts'
import { type Shown, overruledNote } from './comment.ts'
import type { Overruled } from './judge.ts'
import { type JudgedFolders, type Judged, fetchBoth, loadJudged } from './load-judged.ts'
import { marksOfDiagnostics, marksOfPlan } from './marks.ts'
import { type Asked, type OpenContext, type StepOutcome, nothingDone } from './step.ts'
import { checkRequest } from './check-request.ts'
import type { ChangeRequest, CodeHost, ReviewRecord } from './port.ts'
import { postComment, stacksShown } from './post-comment.ts'
import { type ReviewPlan, planForReview } from './review-plan.ts'
import type { Snapshot } from './snapshot.ts'
import { writePlanFor } from './write-plan.ts'

/**
 * Plans what merging the pull request would do, by GET requests to the platform alone, and shows it: a comment, a record at the commit, a
 * plan file. `commit`: the head for which this run was started; one that is not the newest any more is left to the run of the newest.
 */
export async function planRequest(
  number: number,
  commit: string,
  asked: Asked,
  host: CodeHost,
  open: OpenContext,
): Promise<StepOutcome> {
  const request = await host.request(number)
  const { words } = host
  const shownNumber = `${words.request} ${words.sign}${number}`
  if (request.state !== 'open') return { ...nothingDone, page: `The ${shownNumber} is not open any more.` }
  if (request.head !== commit)
    return { ...nothingDone, page: `A newer commit of ${shownNumber} has a plan of its own.` }
  if (request.fork) return await checkRequest(number, commit, 'of-fork', asked, host, open)
  if (request.merge === null) {
    const why = `It cannot be merged into ${inertText(request.base.branch)} as it is. Update the branch.`
    return await withoutPlan(request, await stacksShown(host, number), why, asked, host)
  }
  const folders = await fetchBoth(host, { base: request.base, merge: request.merge }, asked, asked.folder)
  const context = open(folders.base.cwd)
  const judged = await loadJudged(folders, asked.config, asked.packages)
  if (!judged.ok) {
    context.stderr.print(renderDiagnostics(judged.diagnostics.slice(0, 100), context.stderr.palette))
    const marks = marksOfDiagnostics(judged.diagnostics, folders.merged)
    const why = 'The configuration is not valid: the checks of this commit say where.'
    const stacks = judged.stack === null ? [] : [judged.stack]
    return { ...(await withoutPlan(request, stacks, why, asked, host)), marks }
  }
  const overruled = [...judged.overruled, ...(await overruledPlatform(folders))]
  const review = await planForReview(judged, { config: asked.config, cwd: folders.merged.cwd }, context)
  return await show({ request, judged, overruled, review, folders }, asked, host, context)
}

/** The text of the project file that counts in a snapshot; null: there is none. */
async function projectText({ root, cwd }: Snapshot): Promise<string | null> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const text = await readFile(join(folder, '.fluxloop', 'project.json'), 'utf8').catch(() => null)
    if (text !== null || folder === root) return text
  }
}

function urlIn(text: string | null): unknown {
  try {
    const value: unknown = text === null ? null : JSON.parse(text)
    return typeof value === 'object' && value !== null && 'api_url' in value ? value.api_url : null
  } catch {
    return 'not JSON'
  }
}

async function overruledPlatform({ base, merged }: JudgedFolders): Promise<readonly Overruled[]> {
  const [before, after] = await Promise.all([projectText(base), projectText(merged)])
  return urlIn(before) === urlIn(after) ? [] : [{ what: 'platform', keyIds: [] }]
}

/** Says why there is no plan: in a comment for each of these stacks, and in a record at the commit. */
async function withoutPlan(
  { number, head, base }: ChangeRequest,
  stacks: readonly string[],
  why: string,
  asked: Asked,
  host: CodeHost,
): Promise<StepOutcome> {
  const page = `**No plan.** ${why}`
  const shown = { kind: 'no-plan', why, overruled: [] } as const
  for (const stack of stacks) {
    const before = await host.records.find(head, stack)
    const facts = { stack, commit: head, branch: base.branch, shown }
    const posted = asked.comment
      ? await postComment(host, number, facts, { quiet: false, recorded: before?.comment ?? null })
      : null
    const record: ReviewRecord = {
      ...{ stack, digest: null, comment: posted?.digest ?? null, run: asked.run, verdict: 'refused' },
    }
    await keepRecord(host, head, before, record, page)
  }
  return { ...nothingDone, exitCode: exitCodes.configuration, page }
}

/** A record that says the same is left alone, with the run that it names: what that run left behind is as good. */
async function keepRecord(
  host: CodeHost,
  commit: string,
  before: ReviewRecord | null,
  record: ReviewRecord,
  page: string,
): Promise<void> {
  const isSame =
    before !== null &&
    before.digest === record.digest &&
    before.comment === record.comment &&
    before.verdict === record.verdict
  if (!isSame) await host.records.write(commit, record, page)
}

async function show(
  found: {
    readonly request: ChangeRequest
    readonly judged: Extract<Judged, { readonly ok: true }>
    readonly overruled: readonly Overruled[]
    readonly review: ReviewPlan
    readonly folders: JudgedFolders
  },
  asked: Asked,
  host: CodeHost,
  context: Context,
): Promise<StepOutcome> {
  const { request, judged, overruled, review, folders } = found
  const { declared } = judged
  const { stack } = declared
  const { head, number, base } = request
  const { audit } = review
  const plan = asked.showPersonal ? review.plan : impersonal(review.plan)
  context.stdout.print(renderPlan(plan, { ...context.stdout, audit }))
  const refused = isRefused(plan)
  const { digest, planFile } = await writePlanFor(review, declared, {
    file: asked.planFile ?? join(asked.folder, `fluxloop-keys-plan-${stack}.json`),
    cwd: context.cwd,
  })
  const shown: Shown = { kind: 'plan', plan, audit, digest, overruled }
  const before = await host.records.find(head, stack)
  const posted = asked.comment
    ? await postComment(
        host,
        number,
        { stack, commit: head, branch: base.branch, shown },
        { quiet: plan.changes.length === 0 && !refused, recorded: before?.comment ?? null },
      )
    : null
  const note = overruledNote(overruled, base.branch)
  const page = planToMarkdown(plan, {
    ...{ audit, limit: asked.pageLimit, notes: note === null ? [] : [note] },
  })
  const verdict = refused ? 'refused' : 'planned'
  // An older plan left the comment to a newer one, and says nothing for its commit.
  if (posted?.done !== 'older') {
    const record: ReviewRecord = { stack, digest, comment: posted?.digest ?? null, run: asked.run, verdict }
    await keepRecord(host, head, before, record, page)
  }
  return {
    ...nothingDone,
    exitCode: exitCodeOfPlan(plan, plan.changes.length > 0),
    changes: plan.changes.length,
    widens: plan.changes.some(change => widenedFields(change).length > 0),
    ...{ digest, planFile, page },
    marks: marksOfPlan(plan, declared, folders.merged),
  }
}
