import type { Change, Plan } from '../../model/change.ts'
import type { Finding } from '../../model/finding.ts'
import type { PlanAudit } from '../../model/plan-audit.ts'
import { widenedFields } from '../../model/widening.ts'
import { type Section, fittedPage, inertText } from '../text/markdown.ts'
import { paletteFor } from '../text/palette.ts'
import { subjectText } from '../text/subject-text.ts'
import { breakable } from '../text/layout.ts'
import { changeBlock } from './change-block.ts'
import { findingText } from './finding-text.ts'
import { deferredSection, retiringSection, unmanagedSection } from './key-lists.ts'
import { planAuditSection } from './plan-audit-text.ts'
import { elsewhereText, isOutage, losesAccess, summaryLine } from './plan-summary.ts'
import { readingOrder } from './plan-table.ts'

/** A comment on GitHub has at most 65,536 characters. */
export const commentLimit = 65_536

interface MarkdownOptions {
  /** What audit says of the plan; null: nobody asked. */
  readonly audit: PlanAudit | null
  /** At most that many characters. */
  readonly limit: number
  /** Markdown of ours that follows the summary. */
  readonly notes?: readonly string[]
  /** Markdown of ours that stands below everything. */
  readonly tail?: string
}

const palette = paletteFor(false)
/** Columns of what stands in letters of one width. */
const width = 100

/** What a reader has to see first: it grants more, or it ends or takes something. */
function isGrave(change: Change, { now }: Plan): boolean {
  return (
    change.kind === 'revoke' ||
    isOutage(change) ||
    widenedFields(change).length > 0 ||
    losesAccess(change, now)
  )
}

function block(change: Change, { now, view, callingKeyId, keychain }: Plan): string {
  const lines = changeBlock(change, {
    ...{ palette, width, detailed: false, now, callingKeyId, keychain },
    drift: view === 'drift',
  })
  return `${breakable(lines.join('\n'))}\n`
}

const labels = { refusal: 'Refused', held: 'Held back', warning: 'Warning' } as const

function findingItem(finding: Finding, { now }: Plan): string {
  const { message, hint } = findingText(finding, now)
  return `- **${labels[finding.severity]}:** ${inertText(breakable(`${message} ${hint}`))}`
}

/** Each entry of a list that has a title, without that. */
function entriesOf<T>(all: readonly T[], lines: (one: readonly T[]) => readonly string[]): readonly string[] {
  return all.map(one => breakable(lines([one]).slice(1).join('\n')))
}

function sectionsOf(plan: Plan, audit: PlanAudit | null): readonly Section[] {
  const { now, changes, findings, retiring, deferred, unmanaged } = plan
  const ordered = readingOrder(changes)
  const blocks = (some: readonly Change[]) => some.map(change => block(change, plan))
  const severe = findings.filter(({ severity }) => severity !== 'warning')
  const warnings = findings.filter(({ severity }) => severity === 'warning')
  const audited = audit === null ? [] : planAuditSection(audit, palette, width)
  const grave = ordered.filter(change => isGrave(change, plan))
  const others = ordered.filter(change => !isGrave(change, plan))
  return [
    {
      title: null,
      folded: false,
      fenced: false,
      noun: 'finding',
      entries: severe.map(each => findingItem(each, plan)),
    },
    {
      title: 'Widens or ends access',
      folded: false,
      fenced: true,
      noun: 'change',
      entries: blocks(grave),
    },
    {
      title: grave.length > 0 ? 'Other changes' : 'Changes',
      folded: others.length > 10,
      fenced: true,
      noun: 'change',
      entries: blocks(others),
    },
    {
      title: 'Warnings',
      folded: warnings.length > 3,
      fenced: false,
      noun: 'warning',
      entries: warnings.map(each => findingItem(each, plan)),
    },
    {
      title: 'Audit',
      folded: true,
      fenced: true,
      noun: 'line',
      entries: audited.map(line => breakable(line)),
    },
    {
      title: 'Waiting',
      folded: true,
      fenced: true,
      noun: 'key',
      entries: [
        ...entriesOf(deferred, some => deferredSection(some, palette, width, now)),
        ...entriesOf(retiring, some => retiringSection(some, palette, width, now)),
      ],
    },
    {
      title: 'Unmanaged keys',
      folded: true,
      fenced: true,
      noun: 'key',
      entries: entriesOf(unmanaged, some => unmanagedSection(some, palette, 60, plan)),
    },
  ]
}

/**
 * A plan for a comment or a page: the summary, what is refused, what widens or ends access, the rest, all in full as far as `limit` goes;
 * whole entries are left out, with their count. Nothing of it that others wrote is markup. Ends without a line break.
 */
export function planToMarkdown(plan: Plan, { audit, limit, notes = [], tail = '' }: MarkdownOptions): string {
  const elsewhere = elsewhereText(plan)
  const head = [
    `### Plan of API keys: ${inertText(plan.stack)}`,
    `**${inertText(breakable(summaryLine(plan)))}**${elsewhere === null ? '' : ` ${inertText(elsewhere)}`}`,
    `For ${inertText(breakable(subjectText(plan)))}.`,
    ...notes,
  ].join('\n\n')
  return fittedPage(head, sectionsOf(plan, audit), tail, limit)
}
