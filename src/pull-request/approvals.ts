import { sha256 } from '../commands/plan-store.ts'
import { Failure } from '../model/failure.ts'
import { type PlanFile, readPlanFile } from '../plan/plan-file.ts'
import { reviewDigest } from '../plan/review.ts'
import type { CodeHost, MergedRequest, ReviewRecord } from './port.ts'
import { presentComment } from './post-comment.ts'

/** A plan that was reviewed and merged. */
export interface Approval {
  /** `#12`, or the name of a file. */
  readonly by: string
  readonly file: PlanFile
}

/** A merged pull request whose plan does not count, and why. */
export interface Unapproved {
  readonly by: string
  readonly why: string
}

export interface Approvals {
  /** The oldest merge first. */
  readonly approved: readonly Approval[]
  readonly unapproved: readonly Unapproved[]
}

/** The digest of what a plan file says was reviewed. */
export function digestOf(file: PlanFile): string {
  return reviewDigest(file, sha256)
}

/** Why the comment that was reviewed is not the one that we wrote; null: it is. */
async function doubtOfComment(
  host: CodeHost,
  { number }: MergedRequest,
  { stack, comment }: ReviewRecord,
): Promise<string | null> {
  if (comment === null) return null
  const present = await presentComment(host, number, stack)
  if (present === null) return 'the comment with its plan is gone'
  return present.digest === comment ? null : 'the comment with its plan was edited by somebody else'
}

async function approvalOf(
  host: CodeHost,
  request: MergedRequest,
  stack: string,
): Promise<{ readonly file: PlanFile } | { readonly why: string }> {
  const record = await host.records.find(request.head, stack)
  if (record === null) return { why: 'its last commit has no plan' }
  if (record.verdict === 'refused' || record.digest === null) return { why: 'its plan was refused' }
  const doubt = await doubtOfComment(host, request, record)
  if (doubt !== null) return { why: doubt }
  const refused: string[] = []
  for await (const found of host.planFiles(request, record)) {
    if (!found.ok) {
      refused.push(found.why)
      continue
    }
    let file: PlanFile
    try {
      file = readPlanFile(found.text, found.name, sha256)
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause
      refused.push(cause.message)
      continue
    }
    if (file.plan.stack !== stack) continue
    if (digestOf(file) === record.digest) return { file }
    refused.push(`${found.name} is another plan than the one that was reviewed`)
  }
  return { why: refused[0] ?? 'the run that made its plan left no plan file' }
}

/** The plans of these merged pull requests, as far as they are what was reviewed. */
export async function findApprovals(
  host: CodeHost,
  merged: readonly MergedRequest[],
  stack: string,
): Promise<Approvals> {
  const approved: Approval[] = []
  const unapproved: Unapproved[] = []
  for (const request of merged) {
    const by = `${host.words.sign}${request.number}`
    const found = await approvalOf(host, request, stack)
    if ('file' in found) approved.push({ by, file: found.file })
    else unapproved.push({ by, why: found.why })
  }
  return { approved, unapproved }
}
