import type { Records, ReviewRecord } from '../port.ts'
import { numberAt, textAt } from '../answer-fields.ts'
import type { Project } from './merge-requests.ts'

/** How the commit status of a stack is called. */
function statusName(stack: string): string {
  return `fluxloop-keys plan (${stack})`
}

/** `plan v1:DIGEST:COMMENT:JOB`, in the 255 characters of a description; what there is not is `-`. */
function description({ digest, comment, run }: ReviewRecord): string {
  return `plan v1:${digest ?? '-'}:${comment ?? '-'}:${run}`
}

function recordOf(stack: string, status: unknown): ReviewRecord | null {
  const text = textAt(status, 'description') ?? ''
  const [, digest = '-', comment = '-', run = ''] =
    /^plan v1:(-|[0-9a-f]{64}):(-|[0-9a-f]{64}):(\d{1,20})$/.exec(text) ?? []
  if (run === '') return null
  return {
    ...{ stack, run, verdict: textAt(status, 'status') === 'success' ? 'planned' : 'refused' },
    digest: digest === '-' ? null : digest,
    comment: comment === '-' ? null : comment,
  }
}

/** Commit statuses: nobody can change one, and who wrote it GitLab says. */
export function gitlabRecords(
  { calls, path }: Project,
  author: () => Promise<string>,
  page: string | null,
): Records {
  return {
    find: async (commit, stack) => {
      const name = statusName(stack)
      const query = new URLSearchParams({ name, all: 'true', per_page: '100' }).toString()
      const statuses = await calls.list(`${path}/repository/commits/${commit}/statuses?${query}`)
      const own = await author()
      const ours = statuses.filter(
        status =>
          textAt(status, 'name') === name &&
          textAt(status, 'sha') === commit &&
          textAt(status, 'author', 'username') === own,
      )
      const newest = ours.toSorted((a, b) => (numberAt(b, 'id') ?? 0) - (numberAt(a, 'id') ?? 0))
      return newest.map(status => recordOf(stack, status)).find(record => record !== null) ?? null
    },
    // The summary stands in the log of the job and in the note: a status has no page.
    write: async (commit, record) => {
      await calls.send('POST', `${path}/statuses/${commit}`, {
        name: statusName(record.stack),
        state: record.verdict === 'planned' ? 'success' : 'failed',
        description: description(record),
        ...(page === null ? {} : { target_url: page }),
      })
    },
  }
}
