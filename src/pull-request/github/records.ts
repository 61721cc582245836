import { inertText } from '../../render/text/markdown.ts'
import type { Records, ReviewRecord } from '../port.ts'
import { numberAt, textAt } from '../answer-fields.ts'
import type { Repository } from './pull-requests.ts'

/** How the check run of a stack is called. */
function checkName(stack: string): string {
  return `fluxloop-keys plan (${stack})`
}

/** `v1:DIGEST:COMMENT:RUN`; what there is not is `-`. */
function externalId({ digest, comment, run }: ReviewRecord): string {
  return ['v1', digest ?? '-', comment ?? '-', run].join(':')
}

function recordOf(stack: string, check: unknown): ReviewRecord | null {
  const id = textAt(check, 'external_id') ?? ''
  const [, digest = '-', comment = '-', run = ''] =
    /^v1:(-|[0-9a-f]{64}):(-|[0-9a-f]{64}):(\d{1,20})$/.exec(id) ?? []
  if (run === '') return null
  const isPlanned = textAt(check, 'conclusion') === 'success'
  return {
    ...{ stack, run, verdict: isPlanned ? 'planned' : 'refused' },
    digest: digest === '-' ? null : digest,
    comment: comment === '-' ? null : comment,
  }
}

/** A check run has at most 65,535 characters of summary. */
const mostCharacters = 65_000

/** Check runs: what an app wrote no other app can change, and which app it was GitHub says. */
export function githubRecords({ calls, path }: Repository, author: () => Promise<string>): Records {
  return {
    find: async (commit, stack) => {
      const name = checkName(stack)
      const query = new URLSearchParams({ check_name: name, filter: 'all', per_page: '100' }).toString()
      const checks = await calls.list(`${path}/commits/${commit}/check-runs?${query}`, 'check_runs')
      const own = await author()
      const ours = checks.filter(
        check =>
          textAt(check, 'name') === name &&
          textAt(check, 'head_sha') === commit &&
          `${textAt(check, 'app', 'slug') ?? ''}[bot]` === own,
      )
      const newest = ours.toSorted((a, b) => (numberAt(b, 'id') ?? 0) - (numberAt(a, 'id') ?? 0))
      return newest.map(check => recordOf(stack, check)).find(record => record !== null) ?? null
    },
    write: async (commit, record, summary) => {
      const { digest, stack, verdict } = record
      const shown = digest === null ? 'Nothing is approved by merging this.' : `Digest: \`${digest}\``
      await calls.send('POST', `${path}/check-runs`, {
        name: checkName(stack),
        head_sha: commit,
        status: 'completed',
        conclusion: verdict === 'planned' ? 'success' : 'failure',
        external_id: externalId(record),
        output: {
          title: verdict === 'planned' ? `Plan of ${inertText(stack)}` : `No plan of ${inertText(stack)}`,
          summary: `${shown}\n\n${summary.length > mostCharacters ? 'The plan is in the comment, and on the page of the run.' : summary}`,
        },
      })
    },
  }
}
