import { Failure } from '../../model/failure.ts'
import { itemsAt, numberAt, textAt } from '../answer-fields.ts'
import { unzip } from '../unzip.ts'
import type { FoundPlan, MergedRequest, ReviewRecord } from '../port.ts'
import type { Project } from './merge-requests.ts'

/** The job of the template that plans. */
export const planJob = 'fluxloop-keys:plan'

/** Packed and unpacked. A plan of ten thousand keys has some 25 MB. */
const largestArchive = 64 * 1024 * 1024
const largestPlan = 256 * 1024 * 1024

/**
 * Why a job's artifacts do not count for a merge request; null: they do. A pipeline of the merge request itself is about its last commit;
 * one that a webhook triggered is of the default branch, and the record at that commit, which is ours, names its job.
 */
async function whyForeign(
  { calls, path }: Project,
  branch: string,
  job: unknown,
  { number, head }: MergedRequest,
): Promise<string | null> {
  const name = textAt(job, 'name') ?? ''
  if (name !== planJob) return `the job that made its plan is ${name}, not ${planJob}`
  const pipeline = await calls.get(`${path}/pipelines/${numberAt(job, 'pipeline', 'id') ?? 0}`)
  const source = textAt(pipeline, 'source') ?? ''
  const [ref, commit] = [textAt(pipeline, 'ref') ?? '', textAt(pipeline, 'sha')]
  if (source === 'trigger')
    return ref === branch ? null : `the pipeline that made its plan is of the branch ${ref}, not ${branch}`
  if (source !== 'merge_request_event')
    return `the pipeline that made its plan was started by ${source}, not by a merge request`
  if (!ref.startsWith(`refs/merge-requests/${number}/`))
    return 'the pipeline that made its plan is of another merge request'
  if (commit === head) return null
  // A pipeline of the merged result is about a merge commit, which has the head for its second parent.
  const merged = await calls.get(`${path}/repository/commits/${commit ?? ''}`)
  return itemsAt(merged, 'parent_ids')[1] === head
    ? null
    : 'the pipeline that made its plan is of another commit than the one that was merged'
}

/** The plan files that one job left behind. `branch`: the default branch. */
export async function* planFilesOf(
  project: Project,
  branch: string,
  request: MergedRequest,
  { run }: ReviewRecord,
): AsyncGenerator<FoundPlan> {
  const { calls, path } = project
  const job = await calls.get(`${path}/jobs/${run}`)
  const foreign = await whyForeign(project, branch, job, request)
  if (foreign !== null) {
    yield { ok: false, why: foreign }
    return
  }
  const size = numberAt(job, 'artifacts_file', 'size')
  if (size === null || size > largestArchive) {
    yield {
      ok: false,
      why: size === null ? 'the artifacts of its job have expired' : 'its artifacts are too large',
    }
    return
  }
  try {
    const archive = await calls.download(`${path}/jobs/${run}/artifacts`, largestArchive)
    const isPlan = (name: string) => /(?:^|\/)fluxloop-keys-plan[\w.-]*\.json$/.test(name)
    for (const file of unzip(archive, isPlan, largestPlan))
      yield { ok: true, name: `job ${run}/${file.name}`, text: new TextDecoder().decode(file.bytes) }
  } catch (cause) {
    if (!(cause instanceof Failure) || !['failed', 'not-found'].includes(cause.code)) throw cause
    yield { ok: false, why: `the artifacts of its job cannot be read: ${cause.message}` }
  }
}
