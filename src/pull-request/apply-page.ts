import { type Plan, isRefused } from '../model/change.ts'
import type { Outcome, Report } from '../model/outcome.ts'
import { plural } from '../model/plural.ts'
import { impersonal } from '../plan/impersonal.ts'
import { planToMarkdown } from '../render/plan/plan-markdown.ts'
import { type Section, fittedPage, inertText } from '../render/text/markdown.ts'
import type { Unapproved } from './approvals.ts'

interface Applied {
  readonly plan: Plan
  readonly report: Report | null
  /** What nobody approved. */
  readonly rest: Plan
  /** What approved any of it: `#12`. */
  readonly by: readonly string[]
  /** How many changes follow from what was approved and applied before. */
  readonly upkeep: number
  readonly unapproved: readonly Unapproved[]
}

function outcomeItem(outcome: Outcome): string {
  const key = inertText(outcome.change.keyId)
  switch (outcome.status) {
    case 'done':
      return `- ${key}: ${outcome.action} (${inertText(outcome.liveId)})`
    case 'failed':
      return `- **${key}: failed.** ${inertText(outcome.message)}`
    case 'skipped':
      return `- **${key}: not begun** (${outcome.why})`
    case 'held':
      return `- ${key}: held, since it is in use`
  }
}

const section = (title: string | null, noun: string, entries: readonly string[]): Section => ({
  ...{ title, noun, entries },
  folded: false,
  fenced: false,
})

/** What an apply of merged pull requests did, and what waits for a review, in at most `limit` characters. */
export function applyPage({ plan, report, rest, by, unapproved, upkeep }: Applied, limit: number): string {
  const outcomes = report?.outcomes ?? []
  const troubled = outcomes.filter(({ status }) => status !== 'done')
  const done = outcomes.filter(({ status }) => status === 'done')
  const summary = isRefused(plan)
    ? 'Refused: nothing was changed.'
    : outcomes.length === 0
      ? 'Nothing that was approved is left to apply.'
      : `${plural(done.length, 'change')} applied${troubled.length === 0 ? '' : `, ${troubled.length} not`}.`
  const stale = plan.findings.flatMap(finding => (finding.code === 'stale' ? [finding.keyId] : []))
  const head = [
    `### Apply of API keys: ${inertText(plan.stack)}`,
    `**${summary}**${by.length === 0 ? '' : ` Approved by: ${by.map(inertText).join(', ')}.`}${upkeep === 0 ? '' : ` ${plural(upkeep, 'change')} ${upkeep === 1 ? 'follows' : 'follow'} from what was approved before: what is due, and what that replaces.`}`,
    ...(rest.changes.length === 0
      ? []
      : [
          `${plural(rest.changes.length, 'change')} that nobody approved ${rest.changes.length === 1 ? 'waits' : 'wait'} for a review, below.`,
        ]),
  ].join('\n\n')
  const half = Math.floor(limit / 2)
  const own = fittedPage(
    head,
    [
      section('Not done', 'change', troubled.map(outcomeItem)),
      section(
        'Approved, and another change by now',
        'key',
        stale.map(keyId => `- ${inertText(keyId)}`),
      ),
      section('Done', 'change', done.map(outcomeItem)),
      section(
        'Plans that do not count',
        'plan',
        unapproved.map(each => `- ${inertText(each.by)}: ${inertText(each.why)}`),
      ),
    ],
    '',
    rest.changes.length === 0 ? limit : half,
  )
  if (rest.changes.length === 0) return own
  return `${own}\n\n${planToMarkdown(impersonal(rest), { audit: null, limit: half - 2 })}`
}
