import { Failure } from '../../model/failure.ts'
import type { FoundPlan, MergedRequest, ReviewRecord } from '../port.ts'
import { itemsAt, numberAt, textAt, valueAt } from '../answer-fields.ts'
import type { Repository } from './pull-requests.ts'
import { unzip } from '../unzip.ts'

/** What artefacts with plans are called: a suffix tells several stacks apart. */
export const artefactName = 'fluxloop-keys-plan'

/** Packed and unpacked. A plan of ten thousand keys has some 25 MB. */
const largestArchive = 64 * 1024 * 1024
const largestPlan = 256 * 1024 * 1024

/** Events whose runs are about the head of a pull request. */
const events: readonly string[] = ['pull_request_target', 'pull_request']

/** Why a run's artefacts do not count for a pull request; null: they do. */
function whyForeign(
  run: unknown,
  { name }: Repository,
  workflow: string,
  { number, head }: MergedRequest,
): string | null {
  const file = textAt(run, 'path')?.split('@')[0] ?? ''
  if (textAt(run, 'repository', 'full_name') !== name || textAt(run, 'head_repository', 'full_name') !== name)
    return 'the run that made its plan is of another repository'
  if (file !== workflow) return `the run that made its plan is of the workflow ${file}, not ${workflow}`
  const event = textAt(run, 'event') ?? ''
  if (!events.includes(event))
    return `the run that made its plan was started by ${event}, not by a pull request`
  // Of pull_request_target, GitHub may name the base as the head of the run, and says there which pull request it was.
  const isOfPull = itemsAt(run, 'pull_requests').some(
    pull => numberAt(pull, 'number') === number && textAt(pull, 'head', 'sha') === head,
  )
  return textAt(run, 'head_sha') === head || isOfPull
    ? null
    : 'the run that made its plan is of another commit than the one that was merged'
}

/** The plan files that one run left behind, the newest first. `workflow`: the file of it, `.github/workflows/keys.yml`. */
export async function* planArtefacts(
  repository: Repository,
  workflow: string,
  request: MergedRequest,
  { run: id }: ReviewRecord,
): AsyncGenerator<FoundPlan> {
  const { calls, path } = repository
  const run = await calls.get(`${path}/actions/runs/${id}`)
  const foreign = whyForeign(run, repository, workflow, request)
  if (foreign !== null) {
    yield { ok: false, why: foreign }
    return
  }
  const all = await calls.list(`${path}/actions/runs/${id}/artifacts?per_page=100`, 'artifacts')
  const artefacts = all
    .filter(each => textAt(each, 'name')?.startsWith(artefactName) === true)
    .toSorted((a, b) => (numberAt(b, 'id') ?? 0) - (numberAt(a, 'id') ?? 0))
  for (const artefact of artefacts) {
    const name = textAt(artefact, 'name') ?? ''
    const number = numberAt(artefact, 'id')
    if (number === null) continue
    if (valueAt(artefact, 'expired') === true) {
      yield { ok: false, why: `the artefact ${name} has expired` }
      continue
    }
    if ((numberAt(artefact, 'size_in_bytes') ?? 0) > largestArchive) {
      yield { ok: false, why: `the artefact ${name} is too large` }
      continue
    }
    yield* plansIn(repository, number, name)
  }
}

async function* plansIn({ calls, path }: Repository, id: number, name: string): AsyncGenerator<FoundPlan> {
  try {
    const archive = await calls.download(`${path}/actions/artifacts/${id}/zip`, largestArchive)
    for (const file of unzip(archive, entry => entry.endsWith('.json'), largestPlan))
      yield { ok: true, name: `${name}/${file.name}`, text: new TextDecoder().decode(file.bytes) }
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== 'failed') throw cause
    yield { ok: false, why: `the artefact ${name} cannot be read: ${cause.message}` }
  }
}
